export interface Scrape {
  seconds: number;
  bytes: number;
  /** Sum over all series of this name whose labels have these values; 0 where there are none. */
  sum: (name: string, labels?: Readonly<Record<string, string>>) => number;
  has: (name: string) => boolean;
}

/** What Prometheus would get. */
export async function scrape(address: string): Promise<Scrape> {
  const began = performance.now();
  const response = await fetch(`http://${address}/metrics`);
  const text = await response.text();
  const seconds = (performance.now() - began) / 1000;
  const series = text.split('\n').flatMap((line) => {
    const found = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    return found === null ? [] : [{ name: found[1] ?? '', labels: found[2] ?? '', value: Number(found[3]) }];
  });
  return {
    seconds,
    bytes: Buffer.byteLength(text),
    sum: (name, labels = {}) =>
      series
        .filter(
          (one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels.includes(`${key}="${value}"`)),
        )
        .reduce((total, { value }) => total + value, 0),
    has: (name) => series.some((one) => one.name === name),
  };
}
