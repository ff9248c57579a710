import type { Random } from '../../../domain/random.js';
import type { Slot } from '../meaning.js';
import { placeUnit, toUnits, type Unit } from './attribute-phrases.js';
import { GENRE_WORDS } from './value-words.js';

export type GrammaticalNumber = 'singular' | 'plural';

/** A noun phrase without its article: "top-down 2014 puzzle game by Brass Otter Games without multiplayer". */
export function describeGame(slots: readonly Slot[], number: GrammaticalNumber, random: Random): string {
  return describeUnits(toUnits(slots, random), number, random);
}

/** The same of units that were put together before. */
export function describeUnits(units: readonly Unit[], number: GrammaticalNumber, random: Random): string {
  const before: string[] = [];
  const behind: string[] = [];
  let kind: { adjectives: string; noun: string } = { adjectives: '', noun: random.pick(['game', 'game', 'title']) };
  for (const unit of random.shuffled(units)) {
    if (unit.kind === 'genres') {
      kind = nameGenres(unit.items, kind.noun, random);
      continue;
    }
    const phrase = placeUnit(unit, before.length < 2 ? random.pick(['before', 'behind']) : 'behind', random);
    (phrase.place === 'before' ? before : behind).push(phrase.text);
  }
  const noun = number === 'plural' ? `${kind.noun}s` : kind.noun;
  return [...before, kind.adjectives, noun, ...behind].filter((part) => part !== '').join(' ');
}

function nameGenres(genres: readonly string[], noun: string, random: Random): { adjectives: string; noun: string } {
  const words = random.shuffled(genres).map((genre) => GENRE_WORDS[genre as keyof typeof GENRE_WORDS]);
  const last = words.at(-1);
  const isNoun = last !== undefined && last.nouns.length > 0 && random.chance(0.3);
  const adjectives = (isNoun ? words.slice(0, -1) : words).map((word) => random.pick(word.adjectives));
  const separator = isNoun ? ' ' : adjectives.length === 2 ? random.pick([' and ', ', ']) : ', ';
  return { adjectives: adjectives.join(separator), noun: isNoun ? random.pick(last.nouns) : noun };
}

/** With "a" or "an". Letters that are spelled out ("RPG", "M-rated") go by their sound. */
export function withArticle(phrase: string): string {
  const first = phrase.split(/[\s,-]/, 1)[0] ?? '';
  const isSpelled = /^[A-Z]{1,6}$/.test(first);
  const isVowel = isSpelled ? /^[AEFHILMNORSX]/.test(first) : /^([aeiou]|xb)/i.test(first);
  return `${isVowel ? 'an' : 'a'} ${phrase}`;
}
