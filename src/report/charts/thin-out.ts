export interface Point {
  step: number;
  loss: number;
}

export interface Curve {
  points: Point[];
  /** How many steps a point is the mean of. */
  stepsAPoint: number;
}

/** At most so many points: the mean of each run of equal length. A curve of 400 points is as fine as a screen column. */
export function thinOut(points: readonly Point[], most = 400): Curve {
  const stepsAPoint = Math.max(1, Math.ceil(points.length / most));
  const means: Point[] = [];
  for (let start = 0; start < points.length; start += stepsAPoint) {
    const run = points.slice(start, start + stepsAPoint);
    means.push({ step: mean(run.map(({ step }) => step)), loss: mean(run.map(({ loss }) => loss)) });
  }
  return { points: means, stepsAPoint };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
