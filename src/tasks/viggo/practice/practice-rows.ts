import type { ReferenceRow } from '../../../contract/dataset.js';
import { SPLITS, type Split } from '../../../contract/kinds.js';
import { createRandom, type Random } from '../../../domain/random.js';
import { FUNCTIONS, printMeaning, type FunctionName, type Meaning } from '../meaning.js';
import { drawMeaning } from './draw-meaning.js';
import { writeSentence } from './write-sentence.js';

/** Distinct meanings of each function in each split; every function is in every split. */
const meaningCounts: Record<FunctionName, Record<Split, number>> = {
  inform: { train: 1200, validation: 58, test: 78 },
  give_opinion: { train: 500, validation: 30, test: 38 },
  verify_attribute: { train: 500, validation: 30, test: 38 },
  request: { train: 500, validation: 26, test: 34 },
  recommend: { train: 460, validation: 26, test: 34 },
  confirm: { train: 460, validation: 26, test: 34 },
  suggest: { train: 460, validation: 26, test: 34 },
  request_explanation: { train: 460, validation: 26, test: 34 },
  request_attribute: { train: 120, validation: 8, test: 12 },
};

/** Sentences of one meaning. Mostly one, since a further meaning teaches more than a further wording; some have more, as in real data. */
const wordings = [
  [1, 85],
  [2, 10],
  [3, 5],
] as const;

/** request_attribute has only 175 possible meanings, so what there is to learn of it is in its wordings. */
const wordingsOfAsked = [[3, 1]] as const;

/**
 * Practice rows of all splits, by seed. The splits are apart by meaning: no meaning of one occurs in another.
 * Ids are `<split>-<number>`, in the order of the rows.
 */
export function practiceRows(seed: number): Record<Split, ReferenceRow[]> {
  const rows: Record<Split, ReferenceRow[]> = { train: [], validation: [], test: [] };
  const taken = new Set<string>();
  const sentences = new Set<string>();
  for (const functionName of FUNCTIONS) {
    const random = createRandom(seed, `practice/${functionName}`);
    for (const split of SPLITS) {
      for (let made = 0; made < meaningCounts[functionName][split]; made += 1) {
        const meaning = drawNew(functionName, taken, random);
        rows[split].push(...writeRows(meaning, sentences, random));
      }
    }
  }
  return {
    train: numbered(createRandom(seed, 'practice/train').shuffled(rows.train), 'train'),
    validation: numbered(createRandom(seed, 'practice/validation').shuffled(rows.validation), 'validation'),
    test: numbered(createRandom(seed, 'practice/test').shuffled(rows.test), 'test'),
  };
}

function drawNew(functionName: FunctionName, taken: Set<string>, random: Random): Meaning {
  for (;;) {
    const meaning = drawMeaning(functionName, random);
    const text = printMeaning(meaning);
    if (taken.has(text)) continue;
    taken.add(text);
    return meaning;
  }
}

/** A sentence that was made before, for this or another meaning, is not made again. */
function writeRows(meaning: Meaning, sentences: Set<string>, random: Random): ReferenceRow[] {
  const target = printMeaning(meaning);
  const rows: ReferenceRow[] = [];
  const count = random.weighted(meaning.functionName === 'request_attribute' ? wordingsOfAsked : wordings);
  while (rows.length < count) {
    const input = writeSentence(meaning, random);
    if (sentences.has(input)) continue;
    sentences.add(input);
    rows.push({ id: '', group: target, input, target });
  }
  return rows;
}

const numbered = (rows: readonly ReferenceRow[], split: Split): ReferenceRow[] =>
  rows.map((row, index) => ({ ...row, id: `${split}-${String(index + 1).padStart(5, '0')}` }));
