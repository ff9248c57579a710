import type { RunStatus } from '../contract/run.js';

type Parked = NonNullable<RunStatus['parked']>;

/** A run that is parked, in one line for watchers and lists. */
export function parkedLine(runKey: string, parked: Parked): string {
  const { help, againAt } = parked;
  const command = `${goOnCommand(runKey, parked)} goes on`;
  if (againAt === null) return `parked: ${help}; ${command}`;
  return `parked: ${help}; it goes on by itself at ${againAt.slice(11, 19)} UTC; ${command} at once`;
}

/** What a person types to let it go on. */
export function goOnCommand(runKey: string, { update }: Pick<Parked, 'update'>): string {
  return update === 'raiseBudget'
    ? `npx formwork raise ${runKey} [--max-spend-usd <amount>] [--max-hourly-usd <amount>]`
    : `npx formwork retry ${runKey}`;
}
