/** What a command tells while it works. A script that reads its result gets that alone on stdout. */
export interface Narration {
  say: (line: string) => void;
  /** Somebody looks at it as it comes, on a terminal. */
  isLive: boolean;
}

export function narration(options: { json?: boolean } = {}): Narration {
  const stream = options.json === true ? process.stderr : process.stdout;
  return { say: (line) => void stream.write(`${line}\n`), isLive: options.json !== true && stream.isTTY };
}
