import { Command } from 'commander';
import { requestSchema } from '../../platform/planning/local-planner.js';

export const schemaCommand = (): Command =>
  new Command('schema')
    .description('JSON Schema of the request, for editors and checkers')
    .addHelpText('after', '\nExample:\n  formwork schema > request.schema.json\n')
    .action(() => void process.stdout.write(`${JSON.stringify(requestSchema(), null, 2)}\n`));
