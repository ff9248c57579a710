import { performance } from 'node:perf_hooks';

export const secondsSoFar = (): number => performance.now() / 1000;
