/** Values of one field, as a server keeps a cron expression. */
interface CronRange {
  start: number;
  end: number;
  step: number;
}

export interface CronFields {
  second: readonly CronRange[];
  minute: readonly CronRange[];
  hour: readonly CronRange[];
  dayOfMonth: readonly CronRange[];
  month: readonly CronRange[];
  /** 0 is Sunday. */
  dayOfWeek: readonly CronRange[];
  /** Empty: every one. */
  year: readonly CronRange[];
}

/** A server keeps no cron expression, only what it means: the expression for it, with seconds and years where they say anything. */
export function cronText({ second, minute, hour, dayOfMonth, month, dayOfWeek, year }: CronFields): string {
  const fields = [field(minute, 0, 59), field(hour, 0, 23), field(dayOfMonth, 1, 31), field(month, 1, 12), field(dayOfWeek, 0, 6)];
  const seconds = field(second, 0, 59);
  // A seventh field at the front needs the one for years at the end.
  if (seconds !== '0') return [seconds, ...fields, years(year)].join(' ');
  return year.length === 0 ? fields.join(' ') : [...fields, years(year)].join(' ');
}

const years = (ranges: readonly CronRange[]): string => (ranges.length === 0 ? '*' : ranges.map(part).join(','));

function field(ranges: readonly CronRange[], least: number, most: number): string {
  return ranges
    .map((range) => {
      if (range.start !== least || range.end !== most) return part(range);
      return range.step === 1 ? '*' : `*/${range.step}`;
    })
    .join(',');
}

function part({ start, end, step }: CronRange): string {
  if (start === end) return String(start);
  return step === 1 ? `${start}-${end}` : `${start}-${end}/${step}`;
}
