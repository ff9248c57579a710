import type { ReferenceRow, RenderedRow } from '../contract/dataset.js';

/** In the order in which they get their ids; the tokens of the case study. */
export const SPECIAL_TOKENS = ['<START_Q>', '<END_Q>', '<START_A>', '<END_A>'] as const;

export const STOP_TOKEN = '<END_A>';

/** Text in, text out: special tokens stand where an untuned model would need instructions. */
export function renderRow({ id, input, target }: Pick<ReferenceRow, 'id' | 'input' | 'target'>): RenderedRow {
  return { id, prompt: `<START_Q>${input}<END_Q><START_A>`, completion: `${target}${STOP_TOKEN}` };
}

/** The special token that a text contains, which would end or restart a row in its middle; null: none. */
export function specialTokenIn(text: string): string | null {
  return SPECIAL_TOKENS.find((token) => text.includes(token)) ?? null;
}
