/** So many of them, as far apart as can be; all where there are fewer. */
export function takeEvenly<T>(all: readonly T[], count: number): T[] {
  const taken = Math.min(count, all.length);
  return all.filter((_, index) => (index * taken) % all.length < taken);
}
