import type { ScoreSummary } from '../contract/score.js';
import { clusteredShare, INTERVAL_METHOD } from '../domain/statistics/clustered-share.js';
import type { JudgedItem, Task } from './task.js';

/** What the scores of one predictor add up to; `groups` is the number of clusters. There is at least one item. */
export function summariseScores(task: Task, items: readonly JudgedItem[], groups: number): ScoreSummary {
  const share = (isRight: (item: JudgedItem) => boolean) =>
    clusteredShare(items.map((item) => ({ group: item.reference.group, isRight: isRight(item) })));
  const verdicts: Record<string, number> = {};
  for (const { score } of items) verdicts[score.verdict] = (verdicts[score.verdict] ?? 0) + 1;
  return {
    task: task.name,
    judge: task.judge,
    items: items.length,
    groups,
    unanswered: items.filter(({ prediction }) => prediction === null).length,
    headline: task.headline,
    accuracy: share(({ score }) => score.correct),
    interval: INTERVAL_METHOD,
    parts: Object.fromEntries(task.parts.map((part) => [part, share(({ score }) => score.parts[part] === true)])),
    verdicts,
    tables: task.tables(items),
  };
}
