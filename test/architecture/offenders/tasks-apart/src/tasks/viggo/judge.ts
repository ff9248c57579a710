export const isSame = (prediction: string, target: string): boolean => prediction === target;
