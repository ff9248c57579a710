export const totalBytes = (things: readonly { bytes: number }[]): number => things.reduce((sum, { bytes }) => sum + bytes, 0);
