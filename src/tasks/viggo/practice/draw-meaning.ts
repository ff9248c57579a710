import type { Random } from '../../../domain/random.js';
import {
  ATTRIBUTES,
  ESRB_RATINGS,
  GENRES,
  PERSPECTIVES,
  PLATFORMS,
  RATINGS,
  type AttributeName,
  type FunctionName,
  type Meaning,
} from '../meaning.js';
import { DEVELOPERS } from './developers.js';
import { GAME_NAMES } from './game-names.js';
import { SPECIFIERS } from './specifiers.js';

interface FunctionShape {
  always: readonly AttributeName[];
  /** How many more it may have, each number with its weight. */
  further: readonly (readonly [count: number, weight: number])[];
  pool: Pool;
}

type Pool = readonly (readonly [attribute: AttributeName, weight: number])[];

/** What says most about a game is said most often; values that are many are met often enough to be learnt. */
const described: Pool = [
  ['release_year', 2],
  ['developer', 3],
  ['esrb', 2],
  ['genres', 5],
  ['player_perspective', 3],
  ['has_multiplayer', 2],
  ['platforms', 3],
  ['available_on_steam', 1],
  ['has_linux_release', 1],
  ['has_mac_release', 1],
];
const announced: Pool = [['exp_release_date', 3], ...described];

const few = [
  [1, 7],
  [2, 3],
  [3, 1],
] as const;

const asked = [
  [1, 2],
  [2, 4],
  [3, 1],
] as const;

const shapes: Record<FunctionName, FunctionShape> = {
  inform: {
    always: ['name'],
    further: [
      [2, 12],
      [3, 9],
      [4, 5],
      [5, 2],
      [6, 1],
      [7, 1],
    ],
    pool: [['rating', 3], ...announced],
  },
  give_opinion: { always: ['name', 'rating'], further: few, pool: described },
  verify_attribute: { always: ['name', 'rating'], further: few, pool: described },
  confirm: { always: ['name'], further: few, pool: announced },
  suggest: { always: ['name'], further: few, pool: described },
  recommend: { always: ['name'], further: few, pool: described },
  request: { always: ['specifier'], further: [[0, 1], ...few], pool: described },
  request_explanation: { always: ['rating'], further: few, pool: described },
  request_attribute: { always: [], further: asked, pool: described.map(([attribute]) => [attribute, 1]) },
};

/**
 * A meaning of the given function, in canonical order. Values are drawn independently of the name:
 * there is no catalogue of games, so nothing but the sentence tells what belongs in the meaning.
 */
export function drawMeaning(functionName: FunctionName, random: Random): Meaning {
  const { always, further, pool } = shapes[functionName];
  const drawn = new Set([...always, ...drawAttributes(pool, random.weighted(further), random)]);
  if (drawn.has('release_year')) drawn.delete('exp_release_date');
  const isAsked = functionName === 'request_attribute';
  const slots = ATTRIBUTES.filter((attribute) => drawn.has(attribute)).map((attribute) => ({
    attribute,
    value: isAsked ? '' : drawValue(attribute, random),
  }));
  return { functionName, slots };
}

function drawAttributes(pool: Pool, count: number, random: Random): AttributeName[] {
  if (count === 0) return [];
  const drawn = random.weighted(pool.map((entry) => [entry, entry[1]] as const));
  const left = pool.filter((entry) => entry !== drawn);
  return [drawn[0], ...drawAttributes(left, count - 1, random)];
}

const dates = [
  ...['January 24, 2025', 'March 7, 2025', 'May 15, 2025', 'August 29, 2025', 'October 3, 2025'],
  ...['February 13, 2026', 'April 21, 2026', 'June 18, 2026', 'September 9, 2026', 'December 1, 2026'],
];

function drawValue(attribute: AttributeName, random: Random): string {
  switch (attribute) {
    case 'name':
      return random.pick(GAME_NAMES);
    case 'exp_release_date':
      return random.pick(dates);
    case 'release_year':
      return String(random.int(1990, 2024));
    case 'developer':
      return random.pick(DEVELOPERS);
    case 'esrb':
      return random.pick(ESRB_RATINGS);
    case 'rating':
      return random.pick(RATINGS);
    case 'specifier':
      return random.pick(SPECIFIERS);
    case 'genres':
      return drawList(GENRES, [70, 26, 4], random);
    case 'player_perspective':
      return drawList(PERSPECTIVES, [85, 15], random);
    case 'platforms':
      return drawList(PLATFORMS, [60, 30, 10], random);
    default:
      return random.pick(['yes', 'no']);
  }
}

/** One item with the first weight, two with the second and so on, in the order of the closed list. */
function drawList(items: readonly string[], weights: readonly number[], random: Random): string {
  return random.subset(items, random.weighted(weights.map((weight, index) => [index + 1, weight]))).join(', ');
}
