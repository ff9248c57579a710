import { Command } from 'commander';
import { ControlSession } from '../control-session.js';
import { narration } from '../narration.js';
import { startLinks } from '../start-links.js';

export const upCommand = (): Command =>
  new Command('up')
    .description('start server, Web UI and control worker, and leave them running until formwork down')
    .addHelpText('after', '\nExample:\n  formwork up && formwork run --set training.epochs=2 --detach\n')
    .action(async () => {
      const told = narration();
      const session = await ControlSession.open({ forever: true, narration: told });
      const { uiUrl, namespace } = await session.context.server();
      for (const line of startLinks(uiUrl, namespace)) told.say(line);
    });
