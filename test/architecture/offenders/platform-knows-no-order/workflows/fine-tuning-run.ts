export const nextStage = (stage: string): string => `after ${stage}`;
