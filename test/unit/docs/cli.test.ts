import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { FAILURE_KINDS } from '../../../src/contract/kinds.js';
import { RunSituation } from '../../../src/contract/run-situation.js';
import { EXIT, exitCodeOfFailure } from '../../../src/cli/exit-codes.js';
import { Failure } from '../../../src/domain/failures.js';
import { code, codeBlocks, page, tableRows } from './page.js';

const text = page('cli');
const folder = new URL('../../../src/cli/commands/', import.meta.url);

/** Each command of src/cli/commands, by name. */
const commands = new Map(
  await Promise.all(
    readdirSync(fileURLToPath(folder)).map(async (file): Promise<[string, Command]> => {
      const made = Object.values((await import(new URL(file, folder).href)) as Record<string, () => Command>);
      const command = (made.find((one) => typeof one === 'function') as () => Command)();
      return [command.name(), command];
    }),
  ),
);

/** With those of the commands below it. */
const optionsOf = (command: Command): string[] => [
  ...command.options.flatMap(({ long }) => long ?? []),
  ...command.commands.flatMap(optionsOf),
];

describe('docs/cli.md', () => {
  const names = [...commands.keys()].sort();

  test('lists every command, and no other', () => {
    const listed = tableRows(text, 'command').map(([name]) => code(name as string));
    expect([...new Set(listed)].sort()).toEqual(names);
  });

  test.each(names)('shows %s in an example', (name) => {
    const calls = codeBlocks(text)
      .join('\n')
      .matchAll(/(?:npx formwork (\w+)|npm (start)\b)/g);
    expect([...calls].map(([, command, start]) => command ?? start)).toContain(name);
  });

  test.each(names)('names every option of %s', (name) => {
    for (const option of optionsOf(commands.get(name) as Command)) expect(text).toContain(option);
  });

  test('shows no command or option that does not exist', () => {
    for (const [, name, rest] of codeBlocks(text)
      .join('\n')
      .matchAll(/npx formwork (\w+)([^\n]*)/g)) {
      const command = commands.get(name as string);
      expect(command, name).toBeDefined();
      const known = command === undefined ? [] : optionsOf(command);
      for (const [option] of (rest as string).matchAll(/--[\w-]+/g)) expect(known, `formwork ${name}`).toContain(option);
    }
  });

  test('lists every exit code with its name, and no other', () => {
    const listed = tableRows(text, 'code').map(([number, name]) => [code(name as string), Number(number)]);
    expect(Object.fromEntries(listed)).toEqual(EXIT);
  });

  test('lists every field of what status prints as JSON, and no other', () => {
    const listed = tableRows(text, 'field').map(([name]) => code(name as string));
    expect(listed).toEqual(Object.keys(RunSituation.shape));
  });

  test.each([EXIT.badInput, EXIT.notReady])('lists the failure kinds that end with code %i', (exitCode) => {
    const kinds = FAILURE_KINDS.filter((kind) => exitCodeOfFailure(new Failure(kind, '')) === exitCode);
    const [, , meaning] = tableRows(text, 'code').find(([number]) => Number(number) === exitCode) ?? [];
    const listed = [...(meaning ?? '').matchAll(/`([A-Z]\w+)`/g)].map(([, kind]) => kind);
    expect(listed.sort()).toEqual([...kinds].sort());
  });
});
