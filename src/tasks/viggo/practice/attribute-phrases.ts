import type { Random } from '../../../domain/random.js';
import type { AttributeName, Slot } from '../meaning.js';
import { ESRB_WORDS, PERSPECTIVE_WORDS, RATING_ADJECTIVES, RATING_CLAUSES } from './value-words.js';

/** Slots that are said in one phrase: one attribute, or stores and systems with the same yes or no. */
export type Unit =
  | { kind: Exclude<AttributeName, 'available_on_steam' | 'has_linux_release' | 'has_mac_release'>; items: readonly string[] }
  | { kind: 'available' | 'missing'; items: readonly string[] };

type Place = 'before' | 'behind' | 'clause';

const stores: Partial<Record<string, string>> = { available_on_steam: 'Steam', has_linux_release: 'Linux', has_mac_release: 'Mac' };
const lists = new Set(['genres', 'player_perspective', 'platforms']);

export function toUnits(slots: readonly Slot[], random: Random): Unit[] {
  const units: Unit[] = [];
  for (const { attribute, value } of slots) {
    const store = stores[attribute];
    if (store === undefined) {
      units.push({ kind: attribute as 'name', items: lists.has(attribute) ? value.split(', ') : [value] });
      continue;
    }
    const kind = value === 'yes' ? 'available' : 'missing';
    const same = random.chance(0.5) ? units.findIndex((unit) => unit.kind === kind) : -1;
    if (same === -1) units.push({ kind, items: [store] });
    else units[same] = { kind, items: [...(units[same] as Unit).items, store] };
  }
  return units;
}

// {v} is the value in words, {people} whom an ESRB rating is for. An empty list of forms: the value has none at that place.
const forms: Record<string, Record<Place, readonly string[]>> = {
  release_year: {
    before: ['{v}'],
    behind: ['from {v}', 'released in {v}', 'of {v}'],
    clause: ['It came out in {v}', 'It was released in {v}', 'It is from {v}'],
  },
  exp_release_date: {
    before: [],
    behind: ['due on {v}', 'expected on {v}', 'coming on {v}'],
    clause: ['It is due on {v}', 'It will come out on {v}', 'Expect it on {v}'],
  },
  developer: {
    before: ['{v}'],
    behind: ['by {v}', 'made by {v}', 'developed by {v}'],
    clause: ['It was developed by {v}', '{v} made it', 'The developer is {v}'],
  },
  has_multiplayer_yes: {
    before: ['multiplayer'],
    behind: ['with multiplayer', 'to play with friends'],
    clause: ['It has multiplayer', 'You can play it with friends'],
  },
  has_multiplayer_no: {
    before: ['single-player'],
    behind: ['without multiplayer', 'to play alone'],
    clause: ['It has no multiplayer', 'You can only play it alone'],
  },
  available: {
    before: [],
    behind: ['available on {v}', 'with a {v} release'],
    clause: ['It is available on {v}', 'There is a {v} release'],
  },
  missing: {
    before: [],
    behind: ['not available on {v}', 'without a {v} release'],
    clause: ['It is not available on {v}', 'There is no {v} release'],
  },
  platforms: {
    before: ['{v}'],
    behind: ['for {v}', 'for the {v}', 'playable on {v}'],
    clause: ['It is a game for {v}', 'You can play it on {v}', 'It runs on {v}'],
  },
  player_perspective: {
    before: ['{v}'],
    behind: ['in {v}', 'seen in {v}'],
    clause: ['It is played in {v}', 'You see it in {v}'],
  },
  esrb: {
    before: ['{v}-rated'],
    behind: ['rated {v}', 'for {people}'],
    clause: ['It is rated {v}', 'It is meant for {people}'],
  },
  rating: { before: ['{v}'], behind: [], clause: [] },
};

/** The unit in words at the wanted place, or at the other where it has no form there; lists stand behind the noun. */
export function placeUnit(unit: Unit, wanted: 'before' | 'behind', random: Random): { place: 'before' | 'behind'; text: string } {
  const { before, behind } = formsOf(unit);
  const canBeBefore = before.length > 0 && unit.items.length === 1;
  const place = (wanted === 'before' && canBeBefore) || behind.length === 0 ? 'before' : 'behind';
  return { place, text: fill(unit, place, random) };
}

/** The unit as a sentence about "it", without its full stop. */
export function sayUnit(unit: Unit, random: Random): string {
  if (unit.kind === 'rating') return random.pick(RATING_CLAUSES[unit.items[0] as keyof typeof RATING_CLAUSES]);
  return fill(unit, 'clause', random);
}

function formsOf(unit: Unit): Record<Place, readonly string[]> {
  const key = unit.kind === 'has_multiplayer' ? `has_multiplayer_${unit.items[0]}` : unit.kind;
  const found = forms[key];
  if (found === undefined) throw new RangeError(`the practice grammar has no words for ${key}`);
  return found;
}

function fill(unit: Unit, place: Place, random: Random): string {
  return random
    .pick(formsOf(unit)[place])
    .replace('{people}', () => random.pick(ESRB_WORDS[unit.items[0] as keyof typeof ESRB_WORDS].people))
    .replace('{v}', () => valueInWords(unit, place, random));
}

function valueInWords(unit: Unit, place: Place, random: Random): string {
  const [only = ''] = unit.items;
  switch (unit.kind) {
    case 'esrb':
      return place === 'before' || random.chance(0.5) ? ESRB_WORDS[only as keyof typeof ESRB_WORDS].code : only;
    case 'rating':
      return random.pick(RATING_ADJECTIVES[only as keyof typeof RATING_ADJECTIVES]);
    case 'player_perspective': {
      const words = random.shuffled(unit.items).map((item) => PERSPECTIVE_WORDS[item as keyof typeof PERSPECTIVE_WORDS]);
      return joined(
        words.map((word) => random.pick(place === 'before' ? word.before : word.view)),
        'or',
      );
    }
    case 'missing':
      return joined(random.shuffled(unit.items), 'or');
    default:
      return joined(random.shuffled(unit.items), 'and');
  }
}

function joined(items: readonly string[], word: 'and' | 'or'): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)}`;
}
