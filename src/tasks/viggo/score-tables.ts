import type { Estimate, ScoreTable } from '../../contract/score.js';
import { clusteredRate } from '../../domain/statistics/clustered-rate.js';
import { clusteredRatio, clusteredShare } from '../../domain/statistics/clustered-share.js';
import { totalsByGroup } from '../../domain/statistics/clusters.js';
import type { JudgedItem } from '../task.js';
import { ATTRIBUTES, FUNCTIONS, type Meaning } from './meaning.js';
import { parseMeaning } from './parse-meaning.js';
import { countSlots, type SlotCounts } from './slot-counts.js';

/** An item with both meanings read; `predicted` is null where no call could be read. */
interface ReadItem {
  group: string;
  expected: Meaning;
  predicted: Meaning | null;
  isCorrect: boolean;
  parts: Record<string, boolean>;
  counts: SlotCounts;
}

/** Shares are numbers in [0, 1]; functions and attributes that do not occur are left out. */
export function viggoTables(items: readonly JudgedItem[]): ScoreTable[] {
  const read = items.map(readItem);
  return [byFunction(read), slotMeasures(read), byAttribute(read)];
}

function readItem({ reference, prediction, score }: JudgedItem): ReadItem {
  const expected = parseMeaning(reference.target).meaning;
  if (expected === null) throw new RangeError(`reference ${reference.id} is not a meaning; it has to be checked when it is read`);
  const predicted = parseMeaning(prediction ?? '').meaning;
  return {
    group: reference.group,
    expected,
    predicted,
    isCorrect: score.correct,
    parts: score.parts,
    counts: countSlots(expected.slots, predicted?.slots ?? null),
  };
}

function byFunction(items: readonly ReadItem[]): ScoreTable {
  const rows = FUNCTIONS.flatMap((functionName) => {
    const own = items.filter(({ expected }) => expected.functionName === functionName);
    if (own.length === 0) return [];
    const correct = clusteredShare(own.map(({ group, isCorrect }) => ({ group, isRight: isCorrect })));
    const share = (part: string): number => own.filter(({ parts }) => parts[part]).length / own.length;
    return [[functionName, own.length, correct.value, correct.low, correct.high, share('values'), share('exact')]];
  });
  return { title: 'By function', columns: ['function', 'items', 'correct', 'low', 'high', 'values', 'exact'], rows };
}

/** Pooled over all slots (micro-averaged); a slot is right when attribute and value are. */
function slotMeasures(items: readonly ReadItem[]): ScoreTable {
  const totals = (numerator: (counts: SlotCounts) => number, denominator: (counts: SlotCounts) => number) =>
    totalsByGroup(items, ({ counts }) => ({ numerator: numerator(counts), denominator: denominator(counts) }));
  const found = ({ found }: SlotCounts): number => found;
  const measure = (name: string, { value, low, high }: Estimate): (string | number)[] => [name, value, low, high];
  const rows = [
    measure('precision', clusteredRatio(totals(found, ({ predicted }) => predicted))),
    measure('recall', clusteredRatio(totals(found, ({ expected }) => expected))),
    measure(
      'F1',
      clusteredRatio(
        totals(
          ({ found }) => 2 * found,
          ({ predicted, expected }) => predicted + expected,
        ),
      ),
    ),
    measure(
      'error rate',
      clusteredRate(
        totals(
          ({ missing, wrong, extra }) => missing + wrong + extra,
          ({ expected }) => expected,
        ),
      ),
    ),
  ];
  return { title: 'Slots', columns: ['measure', 'value', 'low', 'high'], rows };
}

function byAttribute(items: readonly ReadItem[]): ScoreTable {
  const rows = ATTRIBUTES.flatMap((attribute) => {
    const own = items.map(({ expected, predicted }) =>
      countSlots(
        expected.slots.filter((slot) => slot.attribute === attribute),
        predicted?.slots.filter((slot) => slot.attribute === attribute) ?? null,
      ),
    );
    const sum = (count: (counts: SlotCounts) => number): number => own.reduce((total, counts) => total + count(counts), 0);
    const expected = sum((counts) => counts.expected);
    const counts = [sum(({ found }) => found), sum(({ wrong }) => wrong), sum(({ missing }) => missing), sum(({ extra }) => extra)];
    return expected + (counts[3] as number) === 0 ? [] : [[attribute, expected, ...counts]];
  });
  return {
    title: 'Slots by attribute',
    columns: ['attribute', 'expected', 'right', 'wrong value', 'missing', 'not expected'],
    rows,
  };
}
