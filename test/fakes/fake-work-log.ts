import type { JobSpec } from '../../src/contract/job.js';
import type { WorkLog } from '../../src/platform/ledger/port.js';

/** Keeps what a node says of its work, in order. */
export class FakeWorkLog implements WorkLog {
  readonly words: { word: keyof WorkLog; jobId?: string }[] = [];
  readonly ends: Parameters<WorkLog['ended']>[1][] = [];

  ready(): Promise<void> {
    return this.say('ready');
  }

  renewed(): Promise<void> {
    return this.say('renewed');
  }

  staged(): Promise<void> {
    return this.say('staged');
  }

  started({ jobId }: JobSpec): Promise<void> {
    return this.say('started', jobId);
  }

  seen({ jobId }: JobSpec): Promise<void> {
    return this.say('seen', jobId);
  }

  ended({ jobId }: JobSpec, end: Parameters<WorkLog['ended']>[1]): Promise<void> {
    this.ends.push(end);
    return this.say('ended', jobId);
  }

  private say(word: keyof WorkLog, jobId?: string): Promise<void> {
    this.words.push({ word, ...(jobId === undefined ? {} : { jobId }) });
    return Promise.resolve();
  }
}
