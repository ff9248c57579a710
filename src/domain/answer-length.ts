/** Room for an answer that is longer than any seen in training, without paying for endless ones. */
const MARGIN = { factor: 1.25, tokens: 8 };

/** How many tokens a prediction may have: as asked for, else by the longest completion of the training rows. */
export function answerLength(input: { longestCompletion: number; requested: number | null }): { maxNewTokens: number } {
  return { maxNewTokens: input.requested ?? Math.ceil(input.longestCompletion * MARGIN.factor) + MARGIN.tokens };
}
