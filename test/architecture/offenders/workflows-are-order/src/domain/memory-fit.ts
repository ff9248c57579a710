export const stageThatFits = (bytes: number): number => (bytes > 80e9 ? 3 : 1);
