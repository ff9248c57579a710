import { expect } from 'vitest';

/** Matches a Failure of the kind InvalidData whose message contains the text. */
export const invalidData = (text: string): unknown =>
  expect.objectContaining({ kind: 'InvalidData', message: expect.stringContaining(text) as unknown });
