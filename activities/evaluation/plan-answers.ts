/** Room for an answer that is longer than any seen in training, without paying for endless ones. */
const MARGIN = { factor: 1.25, tokens: 8 };

/** How many tokens a prediction may have. */
// eslint-disable-next-line @typescript-eslint/require-await -- an activity is asynchronous
export const planAnswers = async (input: {
  longestCompletion: number;
  requested: number | null;
}): Promise<{ maxNewTokens: number }> => ({
  maxNewTokens: input.requested ?? Math.ceil(input.longestCompletion * MARGIN.factor) + MARGIN.tokens,
});
