import type { RunReport } from '../../contract/report.js';
import { count } from '../format.js';
import type { Section } from '../report-document.js';

// Enough to see kinds of mistakes, few enough to be read; every prediction is in the store.
const SHOWN = 10;

export function wrongAnswers({ wrongAnswers: answers, headline }: RunReport): Section {
  const title = 'Wrong answers';
  if (answers.length === 0) {
    return {
      id: 'wrong-answers',
      title,
      blocks: [{ kind: 'paragraph', text: `The record holds no wrong answer on ${headline.split}.` }],
    };
  }
  const shown = answers.slice(0, SHOWN);
  return {
    id: 'wrong-answers',
    title,
    blocks: [
      {
        kind: 'paragraph',
        text: `${count(shown.length)} of the answers on ${headline.split} that the judge did not accept, and why. Where target and prediction differ, the words that the other one lacks are marked.`,
      },
      { kind: 'answers', answers: shown },
    ],
  };
}
