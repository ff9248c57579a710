import { runKeys, SET_ASIDE, trajectoryKeys } from '../../src/domain/store-keys.js';
import type { ResumePoint } from '../../src/domain/resume-point.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { toJson } from '../storage/records.js';
import type { z } from 'zod';
import type { SetAside } from './training-record.js';

/** Marks a checkpoint as bad, so that no gang tries it again. Nothing of it is deleted. */
export const setAsideCheckpoint =
  (ports: { store: ObjectStore }) =>
  async (input: { runKey: string; round: string; point: ResumePoint; why: string }): Promise<void> => {
    const root = trajectoryKeys.root(runKeys.round(input.runKey, input.round), input.point.trajectory);
    const key = `${trajectoryKeys.checkpoint(root, input.point.step)}/${SET_ASIDE}`;
    const mark: z.infer<typeof SetAside> = { why: input.why, at: new Date().toISOString() };
    await ports.store.putIfAbsent(key, toJson(mark));
  };
