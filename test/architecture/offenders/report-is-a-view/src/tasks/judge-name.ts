export const judgeName = 'viggo';
