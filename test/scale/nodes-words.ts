/** What the process of the machines tells, again and again. `training`: machines whose ranks have been started for the training. */
export type NodesWord = { state: 'connected' } | { state: 'polling'; training: number };

/** What it is told. */
export type ParentWord = { say: 'start'; runKeys: string[]; nodes: number } | { say: 'end training' };
