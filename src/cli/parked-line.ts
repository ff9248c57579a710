import type { RunStatus } from '../contract/run.js';

/** A run that is parked, in one line for watchers and lists. */
export function parkedLine(runKey: string, { help }: NonNullable<RunStatus['parked']>): string {
  return `parked: ${help}; npx formwork retry ${runKey} goes on`;
}
