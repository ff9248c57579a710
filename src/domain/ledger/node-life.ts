import type { NodeRecord } from './records.js';
import type { Stretch } from './partition.js';

/** What of the records of a node says how long it was paid for. */
export type PaidNode = Pick<NodeRecord, 'launched' | 'ended' | 'renewed' | 'provided'>;

export interface NodeLife extends Stretch {
  /** ISO time; null: it is paid for still. */
  endedAt: string | null;
  endIsKnown: boolean;
}

/**
 * From when to when a node is paid for, by its provider's word. Of one that the provider has no word on, it is known that its host
 * ends it at its deadline: it counts until then at most.
 */
export function lifeOf({ launched, ended, renewed, provided }: PaidNode, now: Date): NodeLife {
  const from = Date.parse(launched.launchedAt);
  // A clock may have been set back since the launch; nobody is paid for that.
  const life = (end: number): Stretch => ({ from, to: Math.max(from, end) });
  const endedAt = ended?.endedAt ?? provided?.endedAt ?? null;
  if (endedAt !== null) return { ...life(Date.parse(endedAt)), endedAt, endIsKnown: true };
  if (provided !== null && provided.state !== 'terminated') return { ...life(now.getTime()), endedAt: null, endIsKnown: true };
  const deadlines = [launched.deadline, renewed?.deadline, provided?.deadline].flatMap((deadline) => deadline ?? []);
  const deadline = Math.max(...deadlines.map((text) => Date.parse(text)));
  if (now.getTime() < deadline) return { ...life(now.getTime()), endedAt: null, endIsKnown: false };
  return { ...life(deadline), endedAt: new Date(deadline).toISOString(), endIsKnown: false };
}
