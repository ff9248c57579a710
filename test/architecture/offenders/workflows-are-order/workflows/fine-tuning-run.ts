import { stageThatFits } from '../src/domain/memory-fit.js';

export const zeroStage = (bytes: number): number => stageThatFits(bytes);
