import type { WrongAnswer } from '../../contract/report.js';
import { codeSpan, escaped, fenced } from './escape.js';

export const answers = (wrong: readonly WrongAnswer[]): string => wrong.map(one).join('\n\n');

function one({ id, verdict, input, target, prediction, evidence }: WrongAnswer, index: number): string {
  return [
    `### ${index + 1}. ${codeSpan(verdict, false)}, item ${codeSpan(id, false)}`,
    `Why: ${escaped(evidence)}`,
    'Input:',
    fenced('text', input),
    'Target (-) and prediction (+):',
    fenced('diff', `${prefixed('-', target)}\n${prefixed('+', prediction)}`),
  ].join('\n\n');
}

const prefixed = (sign: string, text: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? sign : `${sign} ${line}`))
    .join('\n');
