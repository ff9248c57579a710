import type { StruckFault } from './result.js';
import type { SiegeFault } from './siege-fault.js';

/** What of a fault is not as it has to be, in words; empty: all is. */
export function judgeFault({ name, stage, expected }: SiegeFault, struck: StruckFault): string[] {
  const problem = (text: string): string => `${name}: ${text}`;
  const place = struck.stage === stage ? [] : [problem(`struck in stage ${struck.stage}, not in ${stage}`)];
  const again = struck.startedAgainAfter;
  switch (expected.run) {
    case 'goes on':
    case 'forms again': {
      const causes = expected.run === 'goes on' ? [] : expected.causes;
      return [
        ...place,
        ...(again === null ? [] : [problem(`the run was started again, after ${again}`)]),
        ...(struck.failures.join() === causes.join() ? [] : [problem(`failed of: ${struck.failures.join(', ') || 'nothing'}`)]),
        ...(struck.hitsWorkers && expected.run === 'goes on' && struck.contactAfter === null
          ? [problem('the workers that it hit were not heard from again')]
          : []),
      ];
    }
    case 'is started again':
      return [
        ...place,
        ...(again === expected.after ? [] : [problem(`started again after ${again ?? 'nothing'}, not ${expected.after}`)]),
      ];
  }
}
