import { attributeOf, lessBag, slotKey } from './judge.js';
import type { Slot } from './meaning.js';

/** Slots of one item; a slot counts as found when attribute and value are right. */
export interface SlotCounts {
  found: number;
  expected: number;
  predicted: number;
  /** Attribute expected and not predicted. */
  missing: number;
  /** Attribute predicted and not expected. */
  extra: number;
  /** Attribute predicted as expected, with another value. */
  wrong: number;
}

/** `predicted` is null where no call could be read: then every expected slot is missing. */
export function countSlots(expected: readonly Slot[], predicted: readonly Slot[] | null): SlotCounts {
  const given = predicted ?? [];
  const found = expected.length - lessBag(expected.map(slotKey), given.map(slotKey)).length;
  const missing = lessBag(expected.map(attributeOf), given.map(attributeOf)).length;
  const extra = lessBag(given.map(attributeOf), expected.map(attributeOf)).length;
  return { found, expected: expected.length, predicted: given.length, missing, extra, wrong: expected.length - missing - found };
}
