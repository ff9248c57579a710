import { z } from 'zod';
import { NOTICE_OUTCOMES } from './kinds.js';

/** What is posted to the webhook when a run parks or ends. */
export const RunNotice = z.strictObject({
  runKey: z.string(),
  outcome: z.enum(NOTICE_OUTCOMES),
  message: z.string().describe('what came of it, or what would help'),
  link: z.string().nullable().describe('page of the run in the Web UI; null: none is known'),
  at: z.iso.datetime().describe('when it parked or ended'),
});
export type RunNotice = z.infer<typeof RunNotice>;
