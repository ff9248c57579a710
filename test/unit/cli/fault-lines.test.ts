import { expect, test } from 'vitest';
import { faultList, watchLines } from '../../../src/cli/fault-lines.js';
import { FAULT_KINDS, FAULT_NAMES } from '../../../src/domain/fault-table.js';

test('the list has every fault once: those that are offered with what to expect and how long it takes, the others with the reason', () => {
  const lines = faultList();
  const end = lines.findIndex((line) => line.startsWith('Not offered'));
  expect(lines.slice(0, end).filter((line) => FAULT_KINDS.some((kind) => kind === line))).toEqual(FAULT_KINDS);
  for (const label of ['does', 'expect', 'takes'])
    expect(lines.filter((line) => line.startsWith(`  ${label} `))).toHaveLength(FAULT_KINDS.length);
  const others = lines.slice(end + 1).filter((line) => /^ {2}[a-z-]+: /.test(line));
  expect(others).toHaveLength(FAULT_NAMES.length - FAULT_KINDS.length);
});

test.each(FAULT_KINDS)('after %s a person is told what to expect, and the command that shows it', (kind) => {
  const text = watchLines(kind, 'viggo-4').join('\n');
  expect(text).toMatch(/^expect /);
  expect(text).toMatch(/^watch +npx formwork (status|watch) viggo-4/m);
});
