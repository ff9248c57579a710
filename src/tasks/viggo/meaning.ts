// The public schema of ViGGO's meaning representations: closed names, and what a value is made of.

export const FUNCTIONS = [
  'inform',
  'request',
  'give_opinion',
  'confirm',
  'verify_attribute',
  'suggest',
  'request_explanation',
  'recommend',
  'request_attribute',
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** In canonical order: a meaning names its attributes in the order of this list. */
export const ATTRIBUTES = [
  'name',
  'exp_release_date',
  'release_year',
  'developer',
  'esrb',
  'rating',
  'genres',
  'player_perspective',
  'has_multiplayer',
  'platforms',
  'available_on_steam',
  'has_linux_release',
  'has_mac_release',
  'specifier',
] as const;
export type AttributeName = (typeof ATTRIBUTES)[number];

/** Attributes whose value is a list, its items joined by a comma. No item of theirs has a comma of its own; other values may. */
export const LIST_ATTRIBUTES: ReadonlySet<AttributeName> = new Set(['genres', 'player_perspective', 'platforms']);

export const ESRB_RATINGS = ['E (for Everyone)', 'E 10+ (for Everyone 10 and Older)', 'T (for Teen)', 'M (for Mature)'] as const;

export const RATINGS = ['excellent', 'good', 'average', 'poor'] as const;

/** In the order that a list of them has: alphabetical, whatever the case. */
export const GENRES = [
  'action',
  'action-adventure',
  'adventure',
  'arcade',
  'driving/racing',
  'fighting',
  'hack-and-slash',
  'indie',
  'MMORPG',
  'music',
  'pinball',
  'platformer',
  'point-and-click',
  'puzzle',
  'real-time strategy',
  'role-playing',
  'shooter',
  'simulation',
  'sport',
  'strategy',
  'tactical',
  'text adventure',
  'trivia/board game',
  'turn-based strategy',
  'vehicular combat',
] as const;

export const PERSPECTIVES = ['bird view', 'first person', 'side view', 'third person'] as const;

/** In the order that a list of them has. */
export const PLATFORMS = ['PlayStation', 'Xbox', 'Nintendo', 'Nintendo Switch', 'PC'] as const;

/** One `attribute[value]`; the attribute is any name in a prediction, one of ATTRIBUTES in a meaning that was accepted. */
export interface Slot {
  attribute: string;
  value: string;
}

/** `function(attribute[value], ...)`, as it was written: unknown names and any order are possible. */
export interface Meaning {
  functionName: string;
  slots: Slot[];
}

const functionNames: ReadonlySet<string> = new Set(FUNCTIONS);
const ranks: ReadonlyMap<string, number> = new Map(ATTRIBUTES.map((name, rank) => [name, rank]));

export const isFunctionName = (name: string): name is FunctionName => functionNames.has(name);
export const isAttributeName = (name: string): name is AttributeName => ranks.has(name);

/** Known attributes only, each at most once, in canonical order. */
export function isCanonicalOrder(attributes: readonly string[]): boolean {
  let last = -1;
  return attributes.every((attribute) => {
    const rank = ranks.get(attribute) ?? -1;
    const isLater = rank > last;
    last = rank;
    return isLater;
  });
}

/** The canonical text: what the data has, and what a model is trained to write. */
export function printMeaning(meaning: Meaning): string {
  return `${meaning.functionName}(${meaning.slots.map(({ attribute, value }) => `${attribute}[${value}]`).join(', ')})`;
}
