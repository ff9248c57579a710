import { describe, expect, test } from 'vitest';
import { cronText, type CronFields } from '../../../src/domain/cron-text.js';

const at = (value: number): { start: number; end: number; step: number }[] => [{ start: value, end: value, step: 1 }];
const all = (start: number, end: number, step = 1): { start: number; end: number; step: number }[] => [{ start, end, step }];
const daily: CronFields = {
  second: at(0),
  minute: at(0),
  hour: at(2),
  dayOfMonth: all(1, 31),
  month: all(1, 12),
  dayOfWeek: all(0, 6),
  year: [],
};

describe('what a server has made of a cron expression', () => {
  test.each<[string, Partial<CronFields>]>([
    ['0 2 * * *', {}],
    ['30 2 * * 1-5', { minute: at(30), dayOfWeek: all(1, 5) }],
    ['0 */6 1,15 * *', { hour: all(0, 23, 6), dayOfMonth: [...at(1), ...at(15)] }],
    ['0 8-18/2 * 12 *', { hour: all(8, 18, 2), month: at(12) }],
    ['0 2 * * * 2027', { year: at(2027) }],
    ['15 0 2 * * * *', { second: at(15) }],
    ['15 0 2 * * * 2027', { second: at(15), year: at(2027) }],
  ])('is told as %s', (text, fields) => expect(cronText({ ...daily, ...fields })).toBe(text));
});
