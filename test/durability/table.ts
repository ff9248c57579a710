import type { Result } from './result.js';

export const HEADINGS = ['row', 'at step', 'noticed', 'training', 'done again', 'run', 'weights', 'left over', 'result'] as const;

const seconds = (value: number | null): string => (value === null ? '' : `${value.toFixed(1)} s`);

/** A result as cells below HEADINGS. */
export function cellsOf({ name, state, measured, leftOver = [] }: Result): string[] {
  if (measured === undefined) return [name, '', '', '', '', '', '', '', state];
  const { weightsEqual, lossesEqual, goneAfter, contactAfter, ranksRestarted } = measured;
  const training =
    measured.againAfter !== null
      ? `again ${seconds(measured.againAfter)}`
      : goneAfter !== null
        ? 'ended'
        : ranksRestarted === 0
          ? 'went on'
          : 'stopped';
  return [
    name,
    String(measured.step),
    seconds(measured.noticedAfter ?? contactAfter ?? goneAfter),
    training,
    String(measured.stepsRedone),
    measured.outcome,
    weightsEqual === null ? '' : weightsEqual && lossesEqual === true ? 'equal' : 'different',
    String(leftOver.length),
    state,
  ];
}
