import { describe, expect, it } from 'vitest';
import * as format from '../../../src/report/format.js';

describe('numbers for people', () => {
  it('gives shares with one decimal and their interval beside them', () => {
    expect(format.estimate({ value: 0.942, low: 0.918, high: 0.96 })).toBe('94.2 % [91.8, 96.0]');
    expect(format.percent(1)).toBe('100.0 %');
  });

  it('gives differences in points, with their sign and never as minus zero', () => {
    expect(format.difference({ value: -0.012, low: -0.034, high: 0.0101 })).toBe('\u22121.2 points [\u22123.4, +1.0]');
    expect(format.points(-0.0001)).toBe('0.0');
    expect(format.points(0.0001)).toBe('0.0');
  });

  it.each([
    [0, '0.0 s'],
    [0.44, '0.4 s'],
    [59.94, '59.9 s'],
    [59.96, '1 min 0 s'],
    [192, '3 min 12 s'],
    [3599.6, '1 h 00 min'],
    [7500, '2 h 05 min'],
    [86_399, '1 d 0 h'],
    [273_600, '3 d 4 h'],
  ])('gives %d seconds as %s', (seconds, text) => {
    expect(format.duration(seconds)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [999_949, '999.9 kB'],
    [999_960, '1.0 MB'],
    [25_187_520_512, '25.2 GB'],
  ])('gives %d bytes as %s', (value, text) => {
    expect(format.bytes(value)).toBe(text);
  });

  it('gives times in UTC wherever it runs', () => {
    expect(format.instant('2026-11-22T23:59:59.999+02:00')).toBe('2026-11-22 21:59:59 UTC');
    expect(format.timeOfDay('2026-11-22T03:04:05Z')).toBe('03:04:05');
  });

  it('groups digits and keeps small settings exact', () => {
    expect(format.count(1_234_567)).toBe('1,234,567');
    expect(format.count(-3.14159)).toBe('\u22123.142');
    expect(format.setting(2e-5)).toBe('2e-5');
    expect(format.setting(0.002)).toBe('0.002');
    expect(format.counted(1, 'rank')).toBe('1 rank');
    expect(format.counted(2, 'pass', 'passes')).toBe('2 passes');
  });
});
