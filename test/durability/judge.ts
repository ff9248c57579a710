import type { FaultExpectation } from '../../src/domain/fault-expectation.js';
import type { Measured } from './result.js';

/** What of a row is not as it has to be, in words; empty: the row has passed. */
export function judge(expected: FaultExpectation, measured: Measured): string[] {
  switch (expected.training) {
    case 'goes on':
      return [
        ...completed(measured),
        ...within('contact', measured.contactAfter, expected.contactWithin),
        ...none(measured.ranksRestarted, 'ranks restarted'),
        ...none(measured.ranksChanged, 'ranks that are other processes than before'),
        ...none(measured.stepsRedone, 'steps done again'),
      ];
    case 'forms again':
      return [
        ...completed(measured),
        ...within('noticed', measured.noticedAfter, expected.noticedWithin),
        ...within('training again', measured.againAfter, expected.againWithin),
        ...(expected.cause === measured.cause ? [] : [`the cause is told as ${measured.cause}, not as ${expected.cause}`]),
        ...tooManyRedone(expected.intervals, measured),
        ...(measured.usedDamaged ? ['training went on from the damaged checkpoint'] : []),
      ];
    case 'ends':
      return [
        ...(measured.outcome === expected.outcome ? [] : [`the run ended as ${measured.outcome}, not as ${expected.outcome}`]),
        ...within('machines gone', measured.goneAfter, expected.goneWithin),
        ...none(measured.toldTwice, 'steps told twice'),
        ...none(measured.stepsRedone, 'steps done again'),
      ];
  }
}

function completed({ outcome, weightsEqual, lossesEqual, toldTwice }: Measured): string[] {
  if (outcome !== 'completed') return [`the run ended as ${outcome}, not as completed`];
  return [
    ...(weightsEqual === true ? [] : ['the weights are not those of the unbroken run']),
    ...(lossesEqual === true ? [] : ['the losses along the line of descent are not those of the unbroken run']),
    ...none(toldTwice, 'steps told twice'),
  ];
}

function within(what: string, after: number | null, limit: number | null): string[] {
  if (limit === null) return [];
  if (after === null) return [`${what}: not seen`];
  return after <= limit ? [] : [`${what} after ${after.toFixed(1)} s; ${limit} s are allowed`];
}

const none = (count: number, what: string): string[] => (count === 0 ? [] : [`${count} ${what}`]);

function tooManyRedone(intervals: number, { stepsRedone, checkpointEverySteps, stepsOfUpload }: Measured): string[] {
  const allowed = intervals * checkpointEverySteps + stepsOfUpload;
  return stepsRedone <= allowed ? [] : [`${stepsRedone} steps done again; ${allowed} are allowed`];
}
