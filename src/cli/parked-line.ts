import type { RunStatus } from '../contract/run.js';

/** A run that is parked, in one line for watchers and lists. */
export function parkedLine(runKey: string, { help, againAt }: NonNullable<RunStatus['parked']>): string {
  const command = `npx formwork retry ${runKey} goes on`;
  if (againAt === null) return `parked: ${help}; ${command}`;
  return `parked: ${help}; it goes on by itself at ${againAt.slice(11, 19)} UTC; ${command} at once`;
}
