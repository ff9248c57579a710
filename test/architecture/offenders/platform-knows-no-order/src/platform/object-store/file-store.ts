import { nextStage } from '../../../workflows/fine-tuning-run.js';

export const put = (): string => nextStage('plan');
