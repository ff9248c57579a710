// Above it the quantile moves by less than 0.0025, and the sum below would only get longer.
const mostDegrees = 1000;

/**
 * Two-sided quantile of Student's t: P(|T| <= t) = level. `degrees` is a whole number of at least 1.
 * The probability is the finite sum for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4), inverted by bisection.
 */
export function studentTQuantile(level: number, degrees: number): number {
  const whole = Math.min(Math.max(1, Math.floor(degrees)), mostDegrees);
  let low = 0;
  let high = Math.PI / 2;
  // In the angle atan(t / sqrt(degrees)) the search has a bounded interval; 60 halvings exhaust a double.
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    if (centralProbability(middle, whole) < level) low = middle;
    else high = middle;
  }
  return Math.tan((low + high) / 2) * Math.sqrt(whole);
}

function centralProbability(angle: number, degrees: number): number {
  const cosine = Math.cos(angle);
  const isOdd = degrees % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k < degrees; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}
