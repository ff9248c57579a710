import type { Estimate } from '../contract/score.js';

// Numbers for people. All of it is independent of locale and time zone, so that a report made again is the same report.

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });

/** A count, or a number whose meaning is not known here: digits grouped, at most three decimals. */
export const count = (value: number): string => grouped.format(value).replace(/^-/, MINUS);

/** A share of 0 to 1 as "94.2 %". */
export const percent = (share: number): string => `${decimal(share * 100)} %`;

/** A share with its interval, "94.2 % [91.8, 96.0]". */
export const estimate = ({ value, low, high }: Estimate): string =>
  `${percent(value)} [${decimal(low * 100)}, ${decimal(high * 100)}]`;

/** A difference of two shares in percentage points, "+94.2 points [+92.9, +95.5]". */
export const difference = ({ value, low, high }: Estimate): string =>
  `${points(value)} points ${differenceInterval({ low, high })}`;

export const points = (share: number): string => signed(share * 100);

export const interval = ({ low, high }: Pick<Estimate, 'low' | 'high'>): string =>
  `[${decimal(low * 100)}, ${decimal(high * 100)}]`;

export const differenceInterval = ({ low, high }: Pick<Estimate, 'low' | 'high'>): string =>
  `[${signed(low * 100)}, ${signed(high * 100)}]`;

/** A loss in nats per token. */
export const loss = (nats: number): string => nats.toFixed(3);

/** A small setting such as a learning rate: as few digits as keep its value. */
export const setting = (value: number): string => (value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value));

/** Seconds as "0.4 s", "3 min 12 s", "2 h 05 min", "3 d 4 h". */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Bytes in decimal units, as the messages of the planner have them: "1.5 GB". */
export function bytes(value: number): string {
  let size = value;
  let unit = 0;
  // 999.95 would be shown as 1000.0 of the smaller unit.
  while (size >= 999.95 && unit < BYTE_UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${size} B` : `${size.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** Dollars: cents, and of less than one as many digits as tell an hour of a cheap machine from nothing. */
export const usd = (value: number): string => `${value.toFixed(value > 0 && value < 1 ? 4 : 2)} USD`;

/** An ISO instant as "2026-11-22 20:36:05 UTC". */
export const instant = (iso: string): string => `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** The time of day of an ISO instant, UTC. */
export const timeOfDay = (iso: string): string => new Date(iso).toISOString().slice(11, 19);

export const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

/** "1 group", "2 groups". */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const MINUS = '\u2212';

function decimal(value: number): string {
  const text = Math.abs(value).toFixed(1);
  return value < 0 && text !== '0.0' ? `${MINUS}${text}` : text;
}

function signed(value: number): string {
  const text = decimal(value);
  return value > 0 && text !== '0.0' ? `+${text}` : text;
}
