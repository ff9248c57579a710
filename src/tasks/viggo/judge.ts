import type { ReferenceRow } from '../../contract/dataset.js';
import type { ItemScore } from '../../contract/score.js';
import { isCanonicalOrder, type Meaning, type Slot } from './meaning.js';
import { normaliseValue } from './normalise-value.js';
import { excerpt, parseMeaning, type ParsedMeaning } from './parse-meaning.js';

/** Name and version; the version goes up when any prediction could be judged otherwise than before. */
export const VIGGO_JUDGE = 'viggo/1';

export const VIGGO_HEADLINE = 'function, attributes and their order right';

/** What is checked, each level by itself; `correct` is function, attributes and order together. */
export const VIGGO_PARTS = ['parse', 'function', 'attributes', 'order', 'values', 'exact'] as const;
type Parts = Record<(typeof VIGGO_PARTS)[number], boolean>;

/** From best to worst; the first that applies is the verdict. */
export const VIGGO_VERDICTS = [
  'exact',
  'equal_values',
  'extra_text',
  'wrong_values',
  'wrong_order',
  'wrong_attributes',
  'wrong_function',
  'unreadable',
  'no_answer',
] as const;
type Verdict = (typeof VIGGO_VERDICTS)[number];

/**
 * Judges one prediction. `null` is a missing prediction.
 *
 * parse: the text is one well-formed call of known names and nothing else. The levels below look at the first call, also where parse fails.
 * function: the name is the reference's. attributes: the same names, each as often. order: known attributes, each once, in canonical order.
 * values: the same attributes with the same values after `normaliseValue`, in any order. exact: the same characters.
 */
export function judgeMeaning(reference: ReferenceRow, prediction: string | null): ItemScore {
  const gold = parseMeaning(reference.target).meaning;
  if (gold === null) throw new RangeError(`reference ${reference.id} is not a meaning; it has to be checked when it is read`);
  const parsed = parseMeaning(prediction ?? '');
  const parts = partsOf(gold, parsed, prediction === reference.target);
  const { verdict, rule, evidence } = explain(gold, parsed, parts, prediction);
  const correct = parts.function && parts.attributes && parts.order;
  return { id: reference.id, group: reference.group, verdict, correct, parts, rule, evidence };
}

function partsOf(gold: Meaning, parsed: ParsedMeaning, exact: boolean): Parts {
  const slots = parsed.meaning?.slots ?? null;
  return {
    parse: parsed.fault === null,
    function: parsed.functionName === gold.functionName,
    attributes: slots !== null && isSameBag(gold.slots.map(attributeOf), slots.map(attributeOf)),
    order: slots !== null && isCanonicalOrder(slots.map(attributeOf)),
    values: slots !== null && isSameBag(gold.slots.map(slotKey), slots.map(slotKey)),
    exact,
  };
}

function explain(
  gold: Meaning,
  parsed: ParsedMeaning,
  parts: Parts,
  prediction: string | null,
): { verdict: Verdict; rule: string; evidence: string } {
  const { meaning, fault } = parsed;
  if (prediction === null) return { verdict: 'no_answer', rule: 'prediction missing', evidence: 'no prediction for this item' };
  if (prediction.trim() === '') return { verdict: 'no_answer', rule: 'prediction empty', evidence: 'the prediction is empty' };
  if (meaning === null) {
    return { verdict: 'unreadable', rule: 'no complete call', evidence: `${fault ?? ''} in ${excerpt(prediction)}` };
  }
  if (!parts.function) {
    const evidence = `expected ${gold.functionName}, got ${meaning.functionName}`;
    return { verdict: 'wrong_function', rule: 'function differs', evidence };
  }
  if (!parts.attributes)
    return { verdict: 'wrong_attributes', rule: 'attributes differ', evidence: attributeEvidence(gold, meaning) };
  if (!parts.order) {
    const evidence = `expected ${gold.slots.map(attributeOf).join(', ')}, got ${meaning.slots.map(attributeOf).join(', ')}`;
    return { verdict: 'wrong_order', rule: 'attributes out of order', evidence };
  }
  if (!parts.values) return { verdict: 'wrong_values', rule: 'a value differs', evidence: valueEvidence(gold, meaning) };
  if (!parts.parse) return { verdict: 'extra_text', rule: 'text around the call', evidence: fault ?? '' };
  if (!parts.exact) {
    return { verdict: 'equal_values', rule: 'equal after normalising', evidence: `other characters: ${excerpt(prediction)}` };
  }
  return { verdict: 'exact', rule: 'same characters', evidence: 'equal to the reference' };
}

function attributeEvidence(gold: Meaning, predicted: Meaning): string {
  const missing = lessBag(gold.slots.map(attributeOf), predicted.slots.map(attributeOf));
  const extra = lessBag(predicted.slots.map(attributeOf), gold.slots.map(attributeOf));
  const facts = [
    missing.length > 0 ? `missing ${missing.join(', ')}` : '',
    extra.length > 0 ? `not expected ${extra.join(', ')}` : '',
  ];
  return facts.filter((fact) => fact !== '').join('; ');
}

/** Both are in the same order here. */
function valueEvidence(gold: Meaning, predicted: Meaning): string {
  const facts = gold.slots.flatMap((slot, place) => {
    const got = predicted.slots[place] as Slot;
    return slotKey(slot) === slotKey(got) ? [] : [`${slot.attribute}: expected ${excerpt(slot.value)}, got ${excerpt(got.value)}`];
  });
  return facts.join('; ');
}

export const attributeOf = (slot: Slot): string => slot.attribute;

/** Equal for slots whose attributes are the same and whose values are the same after normalising. */
export const slotKey = (slot: Slot): string => `${slot.attribute}[${normaliseValue(slot.attribute, slot.value)}]`;

const isSameBag = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && lessBag(left, right).length === 0;

/** What `items` has more often than `taken`. */
export function lessBag(items: readonly string[], taken: readonly string[]): string[] {
  const left = [...taken];
  return items.filter((item) => {
    const place = left.indexOf(item);
    if (place !== -1) left.splice(place, 1);
    return place === -1;
  });
}
