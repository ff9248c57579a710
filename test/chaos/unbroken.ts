import type { Stage } from '../../src/contract/kinds.js';
import { evidenceOf, type Evidence } from '../durability/evidence.js';
import { Scene } from '../durability/scene.js';
import { cellRequest } from './request.js';
import { END_MS, isClosed, RunWatch } from './run-watch.js';
import { StageWatch } from './stage-watch.js';

/** The run that nothing happens to, and that the others are held against. */
export interface Unbroken {
  evidence: Evidence;
  /** Milliseconds, by stage. */
  took: Map<Stage, number>;
  /** From the command to the end of the run. */
  seconds: number;
}

export async function runUnbroken(): Promise<Unbroken> {
  const scene = new Scene('unbroken');
  const { home, runKey } = scene;
  const watch = new RunWatch(home, runKey);
  const began = Date.now();
  try {
    await scene.start(cellRequest('completed'));
    const { state } = await watch.until(isClosed, END_MS);
    if (state !== 'completed') throw new Error(`the unbroken run ended as ${state}`);
    const seconds = Math.round((Date.now() - began) / 1000);
    return { evidence: evidenceOf(home, runKey), took: new StageWatch(home.store(), runKey).took(), seconds };
  } finally {
    await watch.close();
    await scene.close();
  }
}
