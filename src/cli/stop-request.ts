/** A terminal and npm may both pass one Ctrl-C on: what comes within this time is the same one. */
const SAME_MS = 1_000;

/** Ctrl-C and its kin. The first asks to end in good order; a later one to end at once. */
export class StopRequest {
  private readonly controller = new AbortController();
  private readonly again = new AbortController();
  private at = 0;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.ask());
  }

  /** Aborted by the first request. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Aborted by the second. */
  get hard(): AbortSignal {
    return this.again.signal;
  }

  readonly asked = new Promise<void>((resolve) => {
    this.controller.signal.addEventListener('abort', () => resolve(), { once: true });
  });

  private ask(): void {
    if (this.controller.signal.aborted && Date.now() - this.at > SAME_MS) this.again.abort();
    if (!this.controller.signal.aborted) this.at = Date.now();
    this.controller.abort();
  }
}
