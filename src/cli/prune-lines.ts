import type { PrunePlan, Removal, ThingKind } from '../domain/pruning.js';
import { totalBytes } from '../domain/total-bytes.js';
import { bytes, counted } from '../report/format.js';
import { labelled } from './text-block.js';

const NAMES: Record<Exclude<ThingKind, 'run'>, [string, string]> = {
  checkpoint: ['checkpoint', 'checkpoints'],
  epoch: ['weights of an epoch', 'weights of epochs'],
  dataset: ['data set', 'data sets'],
  model: ['base model', 'base models'],
  unfinished: ['unfinished write', 'unfinished writes'],
  node: ['folder of an ended node', 'folders of ended nodes'],
};

/** What would go, by run and kind, and what stays though it was asked for. */
export function pruneLines({ removals, kept, storeBytes, removedBytes }: PrunePlan, maxBytes: number | null): string[] {
  const left = storeBytes - removedBytes;
  const over = maxBytes === null ? 0 : left - maxBytes;
  return [
    ...labelled('store', [`${bytes(storeBytes)}, ${bytes(left)} after it`]),
    ...labelled('would go', removals.length === 0 ? ['nothing'] : grouped(removals)),
    ...labelled(
      'stays',
      kept.map(({ runKey, why }) => `${runKey}: ${why}`),
    ),
    ...(over > 0
      ? labelled('still over', [`${bytes(over)} more than --max-size: the rest is needed, or held by --keep and --older-than`])
      : []),
  ];
}

/** A line for each kind of each run, with the reason. */
function grouped(removals: readonly Removal[]): string[] {
  const groups = new Map<string, Removal[]>();
  for (const removal of removals) {
    const name = [removal.runKey, removal.kind, removal.why].join(' ');
    groups.set(name, [...(groups.get(name) ?? []), removal]);
  }
  return [...groups.values()].map((group) => {
    const [{ kind, runKey, why }] = group as [Removal, ...Removal[]];
    const what = kind === 'run' ? 'all' : counted(group.length, ...NAMES[kind]);
    return `${bytes(totalBytes(group))}  ${what}${runKey === null ? '' : ` of ${runKey}`}: ${why}`;
  });
}
