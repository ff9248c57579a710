import { createNearestNeighbour } from '../nearest-neighbour.js';
import type { TargetReading, Task } from '../task.js';
import { judgeMeaning, VIGGO_HEADLINE, VIGGO_JUDGE, VIGGO_PARTS } from './judge.js';
import { isCanonicalOrder, printMeaning } from './meaning.js';
import { parseMeaning } from './parse-meaning.js';
import { practiceRows } from './practice/practice-rows.js';
import { viggoTables } from './score-tables.js';

/** ViGGO with its direction reversed: a sentence about a video game in, its meaning representation out. */
export const viggoTask: Task = {
  name: 'viggo',
  columns: { input: 'ref', target: 'mr' },
  practiceRows,
  readTarget,
  judge: VIGGO_JUDGE,
  headline: VIGGO_HEADLINE,
  parts: VIGGO_PARTS,
  judgeItem: judgeMeaning,
  tables: viggoTables,
  baseline: createNearestNeighbour,
};

/** The group is the meaning as it prints, so that space around separators makes no second group. */
function readTarget(target: string): TargetReading {
  const { meaning, fault } = parseMeaning(target);
  if (meaning === null || fault !== null) return { isAccepted: false, step: 'parsed', why: fault ?? 'there is no call' };
  const attributes = meaning.slots.map(({ attribute }) => attribute);
  if (isCanonicalOrder(attributes)) return { isAccepted: true, group: printMeaning(meaning) };
  return { isAccepted: false, step: 'well_ordered', why: `attributes not in canonical order, or twice: ${attributes.join(', ')}` };
}
