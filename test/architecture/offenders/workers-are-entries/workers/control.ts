export const pollControlQueue = (): void => undefined;
