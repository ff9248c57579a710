import type { RunReport } from '../contract/report.js';
import { secondsBetween } from './format.js';

export interface StageTime {
  name: string;
  startedAt: string;
  /** Seconds after the start of the first stage. */
  begin: number;
  seconds: number;
  /** False for the stage that was under way when the report was made; it is counted up to then. */
  ended: boolean;
  note: string;
}

export interface StageTimes {
  stages: StageTime[];
  /** From the first start to the last end. */
  seconds: number;
}

export function stageTimes({ stages, generatedAt }: RunReport): StageTimes {
  const origin = stages.map((stage) => stage.startedAt).reduce((a, b) => (Date.parse(a) < Date.parse(b) ? a : b), generatedAt);
  const times = stages.map((stage) => ({
    name: stage.stage,
    startedAt: stage.startedAt,
    begin: secondsBetween(origin, stage.startedAt),
    // Clocks of two machines may disagree by a little; time does not run backwards in a report.
    seconds: Math.max(0, secondsBetween(stage.startedAt, stage.endedAt ?? generatedAt)),
    ended: stage.endedAt !== null,
    note: stage.note,
  }));
  return { stages: times, seconds: Math.max(0, ...times.map((stage) => stage.begin + stage.seconds)) };
}
