export const planRun = (): string => 'planned';
