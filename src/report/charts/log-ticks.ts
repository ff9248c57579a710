/**
 * Ticks of a logarithmic axis that hold [low, high] between the first and the last: 1, 2 and 5 times powers of ten, or the powers
 * alone where that would be more than nine. Both bounds are above 0.
 */
export function logTicks(low: number, high: number): number[] {
  const fine = ticks(low, high, [1, 2, 5]);
  return fine.length <= 9 ? fine : ticks(low, high, [1]);
}

function ticks(low: number, high: number, steps: readonly number[]): number[] {
  // One power more at both ends than asked: a logarithm can be rounded over a power of ten.
  const from = Math.floor(Math.log10(low)) - 1;
  const all: number[] = [];
  for (let power = from; power <= Math.ceil(Math.log10(high)) + 1; power += 1) {
    // Through its text, since 3 * 10 ** -1 is not 0.3.
    for (const step of steps) all.push(Number(`${step}e${power}`));
  }
  const first = all.findLastIndex((tick) => tick <= low);
  const last = all.findIndex((tick) => tick >= high);
  return all.slice(first, last + 1);
}
