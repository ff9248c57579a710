import type { ESRB_RATINGS, GENRES, PERSPECTIVES, RATINGS } from '../meaning.js';

/** How a genre is said before "game", and alone as a noun where it can be one. */
export const GENRE_WORDS: Record<(typeof GENRES)[number], { adjectives: readonly string[]; nouns: readonly string[] }> = {
  action: { adjectives: ['action'], nouns: [] },
  'action-adventure': { adjectives: ['action-adventure'], nouns: ['action-adventure'] },
  adventure: { adjectives: ['adventure'], nouns: ['adventure'] },
  arcade: { adjectives: ['arcade'], nouns: [] },
  'driving/racing': { adjectives: ['driving/racing', 'racing'], nouns: ['racer'] },
  fighting: { adjectives: ['fighting'], nouns: [] },
  'hack-and-slash': { adjectives: ['hack-and-slash'], nouns: [] },
  indie: { adjectives: ['indie'], nouns: [] },
  MMORPG: { adjectives: ['MMORPG'], nouns: ['MMORPG'] },
  music: { adjectives: ['music'], nouns: [] },
  pinball: { adjectives: ['pinball'], nouns: [] },
  platformer: { adjectives: ['platformer'], nouns: ['platformer'] },
  'point-and-click': { adjectives: ['point-and-click'], nouns: [] },
  puzzle: { adjectives: ['puzzle'], nouns: [] },
  'real-time strategy': { adjectives: ['real-time strategy', 'RTS'], nouns: ['RTS'] },
  'role-playing': { adjectives: ['role-playing', 'RPG'], nouns: ['RPG'] },
  shooter: { adjectives: ['shooter'], nouns: ['shooter'] },
  simulation: { adjectives: ['simulation'], nouns: ['simulator'] },
  sport: { adjectives: ['sport', 'sports'], nouns: [] },
  strategy: { adjectives: ['strategy'], nouns: [] },
  tactical: { adjectives: ['tactical'], nouns: [] },
  'text adventure': { adjectives: ['text adventure'], nouns: ['text adventure'] },
  'trivia/board game': { adjectives: ['trivia/board', 'trivia'], nouns: [] },
  'turn-based strategy': { adjectives: ['turn-based strategy'], nouns: [] },
  'vehicular combat': { adjectives: ['vehicular combat'], nouns: [] },
};

/** How a perspective is said before a noun, and after "in". */
export const PERSPECTIVE_WORDS: Record<(typeof PERSPECTIVES)[number], { before: readonly string[]; view: readonly string[] }> = {
  'bird view': { before: ['bird-view', 'top-down'], view: ['bird view', 'a view from above'] },
  'first person': { before: ['first-person'], view: ['first person'] },
  'side view': { before: ['side-view', 'side-scrolling'], view: ['side view', 'a view from the side'] },
  'third person': { before: ['third-person'], view: ['third person'] },
};

/** How an ESRB rating is said: its code, and whom it is for. */
export const ESRB_WORDS: Record<(typeof ESRB_RATINGS)[number], { code: string; people: readonly string[] }> = {
  'E (for Everyone)': { code: 'E', people: ['everyone'] },
  'E 10+ (for Everyone 10 and Older)': { code: 'E 10+', people: ['everyone 10 and older'] },
  'T (for Teen)': { code: 'T', people: ['teens'] },
  'M (for Mature)': { code: 'M', people: ['adults'] },
};

type Rating = (typeof RATINGS)[number];

/** Adjectives that say a rating. */
export const RATING_ADJECTIVES: Record<Rating, readonly string[]> = {
  excellent: ['excellent', 'superb'],
  good: ['good', 'solid'],
  average: ['average', 'mediocre'],
  poor: ['poor', 'bad'],
};

/** What somebody does who rates so: "I ...", "you ...", "why do you ...". */
export const RATING_VERBS: Record<Rating, { past: readonly string[]; present: readonly string[] }> = {
  excellent: { past: ['loved', 'adored'], present: ['love', 'adore'] },
  good: { past: ['liked', 'enjoyed'], present: ['like', 'enjoy'] },
  average: { past: ['tolerated', 'had mixed feelings about'], present: ['tolerate', 'have mixed feelings about'] },
  poor: { past: ['hated', 'disliked'], present: ['hate', 'dislike'] },
};

/** What critics did, as a sentence about "it". */
export const RATING_CLAUSES: Record<Rating, readonly string[]> = {
  excellent: ['Critics loved it', 'It got excellent reviews'],
  good: ['Critics liked it', 'It got good reviews'],
  average: ['Critics tolerated it', 'It got average reviews'],
  poor: ['Critics hated it', 'It got poor reviews'],
};

/** What a person is asked about who is asked whether an attribute matters. */
export const ASKED_WORDS = {
  release_year: ['the release year', 'when a game came out'],
  developer: ['the developer', 'who made a game'],
  esrb: ['the ESRB rating', 'the age rating'],
  genres: ['the genre', 'what kind of game it is'],
  player_perspective: ['the perspective', 'the point of view'],
  has_multiplayer: ['multiplayer', 'playing with friends'],
  platforms: ['the platform', 'the console'],
  available_on_steam: ['a Steam release', 'Steam'],
  has_linux_release: ['a Linux release', 'Linux'],
  has_mac_release: ['a Mac release', 'Mac'],
} as const;
