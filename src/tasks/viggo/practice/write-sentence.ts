import type { Random } from '../../../domain/random.js';
import type { FunctionName, Meaning, Slot } from '../meaning.js';
import { sayUnit, toUnits, type Unit } from './attribute-phrases.js';
import { describeGame, describeUnits, withArticle } from './describe-game.js';
import { TEMPLATES } from './sentence-templates.js';
import { ASKED_WORDS, RATING_ADJECTIVES, RATING_VERBS } from './value-words.js';

/** A sentence that says the meaning: its attributes in any order, each value in one of its wordings. */
export function writeSentence(meaning: Meaning, random: Random): string {
  const functionName = meaning.functionName as FunctionName;
  const sentence = functionName === 'inform' ? inform(meaning.slots, random) : fromTemplate(functionName, meaning.slots, random);
  // A name may end in a full stop of its own, which then ends the sentence too.
  const ended = sentence.replaceAll('..', '.');
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}

/** A first sentence with some of the attributes, then one or two with the others. */
function inform(slots: readonly Slot[], random: Random): string {
  const name = valueOf(slots, 'name');
  const described = slots.filter(({ attribute }) => attribute !== 'name');
  const units = random.shuffled(toUnits(described, random));
  const inLead = Math.min(units.length, random.int(1, 4));
  const lead = withArticle(describeUnits(units.slice(0, inLead), 'singular', random));
  const first = random.pick([`${name} is ${lead}`, `${name} is ${lead}`, `There is ${lead} called ${name}`, `${name}: ${lead}`]);
  const clauses = units.slice(inLead).map((unit) => clause(unit, random));
  const sentences = [first];
  while (clauses.length > 0) {
    const joined = clauses.splice(0, random.int(1, 2)).map(decapitalisedAfterFirst);
    sentences.push(joined.join(random.pick([' and ', ', and '])));
  }
  return sentences.map((sentence) => `${sentence}.`).join(' ');
}

function clause(unit: Unit, random: Random): string {
  return unit.kind === 'genres' ? `It is ${withArticle(describeUnits([unit], 'singular', random))}` : sayUnit(unit, random);
}

/** Only words of the grammar lose their capital: the name of a studio that begins a clause keeps it. */
function decapitalisedAfterFirst(text: string, index: number): string {
  return index === 0 ? text : text.replace(/^(It|Its|You|There|The|Critics|Expect)\b/, (word) => word.toLowerCase());
}

function fromTemplate(functionName: Exclude<FunctionName, 'inform'>, slots: readonly Slot[], random: Random): string {
  const name = valueOf(slots, 'name');
  const rating = valueOf(slots, 'rating') as keyof typeof RATING_VERBS;
  const described = slots.filter(({ attribute }) => !['name', 'rating', 'specifier'].includes(attribute));
  const game = (): string => describeGame(described, 'singular', random);
  const words: Record<string, () => string> = {
    name: () => name,
    game,
    'a game': () => withArticle(game()),
    games: () => describeGame(described, 'plural', random),
    loved: () => random.pick(RATING_VERBS[rating].past),
    love: () => random.pick(RATING_VERBS[rating].present),
    great: () => random.pick(RATING_ADJECTIVES[rating]),
    specifier: () => valueOf(slots, 'specifier'),
    'a specifier': () => withArticle(valueOf(slots, 'specifier')),
    asked: () => asked(slots, random),
  };
  return random.pick(TEMPLATES[functionName]).replaceAll(/\{([^}]+)\}/g, (_, key: string) => {
    const word = words[key];
    if (word === undefined) throw new RangeError(`the practice grammar has no {${key}}`);
    return word();
  });
}

function asked(slots: readonly Slot[], random: Random): string {
  const things = random.shuffled(slots).map(({ attribute }) => random.pick(ASKED_WORDS[attribute as keyof typeof ASKED_WORDS]));
  return things.length < 2 ? (things[0] ?? '') : `${things.slice(0, -1).join(', ')} ${random.pick(['and', 'or'])} ${things.at(-1)}`;
}

function valueOf(slots: readonly Slot[], attribute: string): string {
  return slots.find((slot) => slot.attribute === attribute)?.value ?? '';
}
