export const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });
export const mib = (value: number): string => `${count(value)} MiB`;

/** Of seconds, two figures that a person can compare; null: it was not over in time. */
export function seconds(value: number | null): string {
  if (value === null) return 'not over';
  if (value < 1) return `${(1000 * value).toFixed(0)} ms`;
  return value < 10 ? `${value.toFixed(1)} s` : `${value.toFixed(0)} s`;
}

export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headings, headings.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
