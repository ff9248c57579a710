import { expect, test } from 'vitest';
import { createNearestNeighbour } from '../../../src/tasks/nearest-neighbour.js';

const train = [
  { input: 'Do you like puzzle games on the PC?', target: 'a' },
  { input: 'Tin Harbor is a racing game from 2014.', target: 'b' },
  { input: 'Why do you like racing games so much?', target: 'c' },
];

test('a training sentence gets its own target', () => {
  const answer = createNearestNeighbour(train);
  expect(train.map(({ input }) => answer(input))).toEqual(['a', 'b', 'c']);
});

test('the row with the most similar words answers, whatever their case and order', () => {
  const answer = createNearestNeighbour(train);
  expect(answer('TIN HARBOR, a game from 1999')).toBe('b');
  expect(answer('Puzzle games, do you like them on the PC?')).toBe('a');
});

test('a short row is not beaten by a long one that only has more words', () => {
  const rows = [
    { input: 'tin harbor and very many other words that nobody asked for', target: 'long' },
    { input: 'tin harbor', target: 'short' },
  ];
  expect(createNearestNeighbour(rows)('tin harbor please')).toBe('short');
});

test('of equally similar rows the first one answers, also where nothing is similar', () => {
  const answer = createNearestNeighbour([...train, { input: train[0]?.input ?? '', target: 'late' }]);
  expect(answer(train[0]?.input ?? '')).toBe('a');
  expect(answer('zzz')).toBe('a');
});

test('without training rows the answer is empty', () => {
  expect(createNearestNeighbour([])('anything')).toBe('');
});
