/** A key by what it is for and when it was asked for. */
export function newRunKey(prefix: string, now: Date): string {
  return `${prefix}-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`;
}
