import { describe, expect, test } from 'vitest';
import { copies, parseDockerfile, type Stage } from './dockerfile.js';
import { ignores } from './dockerignore.js';

describe('parseDockerfile', () => {
  test('a continued line is one instruction, and a comment inside of it is not a part of it', () => {
    const { before, stages } = parseDockerfile('ARG V=1\nFROM a:${V} AS b\nRUN one \\\n  # why\n  && two\nUSER 1\n');
    expect(before).toEqual([{ keyword: 'ARG', text: 'V=1', line: 1 }]);
    expect(stages).toEqual([
      {
        name: 'b',
        from: 'a:${V}',
        instructions: [
          { keyword: 'RUN', text: 'one && two', line: 3 },
          { keyword: 'USER', text: '1', line: 6 },
        ],
      },
    ]);
  });

  test('COPY gives its sources, its target and the stage that it takes from', () => {
    const [stage] = parseDockerfile('FROM a AS b\nCOPY --from=x --chmod=755 one two to\nCOPY c d\n').stages;
    expect(copies(stage as Stage)).toEqual([
      { from: 'x', sources: ['one', 'two'], target: 'to' },
      { from: null, sources: ['c'], target: 'd' },
    ]);
  });

  test.each([
    ['an unknown word', 'FROM a AS b\nCOPPY c d\n', 'line 2: COPPY is no instruction'],
    ['a stage without a name', 'FROM a\n', 'line 1: expected FROM <image> AS <name>'],
    ['an open end', 'FROM a AS b\nRUN c \\\n', 'line 2: the last line is to be continued'],
  ])('%s is refused with its line', (_, text, message) => {
    expect(() => parseDockerfile(text)).toThrow(message);
  });
});

describe('ignores', () => {
  test.each([
    ['*\n!src\n', 'src/a/b.ts', false],
    ['*\n!src\n', 'other/b.ts', true],
    ['*\n!a/b\n', 'a/c', true],
    ['*\n!a/b\n', 'a/b/c', false],
    ['*\n!src\n**/__pycache__\n', 'src/deep/__pycache__/x', true],
    ['**/__pycache__\n', '__pycache__/x', true],
    ['*.md\n', 'a/b.md', false],
    ['**/*.md\n', 'a/b.md', true],
    ['# src\n', 'src', false],
    ['src/\n', 'src/a', true],
  ])('%j on %s: %s', (text, path, expected) => {
    expect(ignores(text)(path)).toBe(expected);
  });
});
