import type { RunNotice } from '../../contract/notice.js';
import { Failure } from '../../domain/failures.js';
import type { Notifier } from './port.js';

/** A receiver takes a note down at once, or is in trouble. */
const ANSWER_MS = 10_000;

/** What people see instead of the address, which may carry a token: no message and no cause of a failure holds a part of it. */
const RECEIVER = 'the webhook of FORMWORK_WEBHOOK_URL';

/** Posts notices as JSON to an address. */
export class Webhook implements Notifier {
  readonly #url: string;

  constructor(
    url: string,
    private readonly answerMs = ANSWER_MS,
  ) {
    this.#url = url;
  }

  async notify(notice: RunNotice): Promise<void> {
    const { status } = await this.#post(JSON.stringify(notice));
    if (status >= 200 && status < 300) return;
    const answer = `${RECEIVER} answered with status ${status}`;
    if (status === 401 || status === 403) throw new Failure('AccessDenied', `${answer}; correct its token`, { status });
    if (status === 408 || status === 429) throw new Failure('Throttled', answer, { status });
    if (status >= 500) throw new Failure('Unreachable', answer, { status });
    throw new Failure('EnvironmentNotReady', `${answer}; correct the address`, { status });
  }

  async #post(body: string): Promise<{ status: number }> {
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        // A redirected POST arrives as a GET without its body, at a place that nobody named.
        redirect: 'manual',
        signal: AbortSignal.timeout(this.answerMs),
      });
      await response.body?.cancel();
      return response;
    } catch (error) {
      throw new Failure('Unreachable', `${RECEIVER} cannot be reached (${reasonOf(error)})`);
    }
  }
}

/** The code alone: messages of the network name host and port. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  const code = (error as { cause?: { code?: unknown } }).cause?.code;
  return typeof code === 'string' ? code : 'network error';
}
