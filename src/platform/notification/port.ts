import type { RunNotice } from '../../contract/notice.js';

/** Who wakes people. Failures: Unreachable, Throttled, which may pass; AccessDenied, EnvironmentNotReady, which do not. */
export interface Notifier {
  notify(notice: RunNotice): Promise<void>;
}
