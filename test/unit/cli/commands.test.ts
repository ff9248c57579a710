import { readdirSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { packageFile } from '../../../src/platform/package-root.js';

const names = readdirSync(packageFile('src', 'cli', 'commands')).map((file) => file.replace(/\.ts$/, ''));

/** The command of a file, as it is exported under the file's name. */
async function commandOf(name: string): Promise<Command> {
  const exports = (await import(`../../../src/cli/commands/${name}.ts`)) as Record<string, () => Command>;
  const make = exports[`${name}Command`];
  if (make === undefined) throw new Error(`src/cli/commands/${name}.ts does not export ${name}Command`);
  return make();
}

/** A command of a name, and the commands below it, each with its words. */
async function wordsOf(name: string): Promise<[string, Command][]> {
  const command = await commandOf(name);
  return [[name, command], ...command.commands.map((part): [string, Command] => [`${name} ${part.name()}`, part])];
}

const commands = (await Promise.all(names.map(wordsOf))).flat();

test.each(names)('formwork %s is named as its file', async (name) => {
  expect((await commandOf(name)).name()).toBe(name);
});

describe.each(commands)('formwork %s', (name, command) => {
  test('says what it does', () => {
    expect(command.description()).toMatch(/.{15,}/);
  });

  test('has help with an example of itself and a word on every option', () => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    const example = name === 'start' ? 'npm start' : `formwork ${name}`;
    expect(help).toMatch(new RegExp(`\\nExample:\\n +.*${example}`));
    for (const { flags, description } of command.options) expect(description, flags).not.toBe('');
    for (const argument of command.registeredArguments) expect(argument.description, argument.name()).not.toBe('');
  });
});
