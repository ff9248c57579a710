import { expectationInWords, type FaultExpectation } from '../domain/fault-expectation.js';
import { FAULT_KINDS, FAULT_NAMES, faultInWords, faultRule, isOffered, type FaultKind } from '../domain/fault-table.js';
import { labelled, wrap } from './text-block.js';

/** Long enough to be seen, short enough to be waited for. */
export const USUAL_SECONDS = 60;

/** What each fault does, what comes of it and how long that takes; then those that only the suite can do, and why. */
export function faultList(): string[] {
  const offered = FAULT_KINDS.flatMap((kind) => [
    kind,
    ...labelled('  does', [faultInWords(kind, USUAL_SECONDS)]),
    ...labelled('  expect', [expectationInWords(faultRule(kind).expected)]),
    ...labelled('  takes', [howLong(kind)]),
    '',
  ]);
  const others = FAULT_NAMES.filter((name) => !isOffered(name));
  return [
    ...offered,
    'Not offered, and done by npm run durability:',
    ...others.flatMap((name) => wrap(`${name}: ${faultInWords(name, USUAL_SECONDS)}; ${faultRule(name).notOffered}`, 2)),
  ];
}

/** What a person may hold against what happens, and by which command. */
export function watchLines(kind: FaultKind, runKey: string): string[] {
  const { expected } = faultRule(kind);
  return [...labelled('expect', [expectationInWords(expected)]), ...labelled('watch', [whatToSee(expected, runKey)])];
}

function whatToSee(expected: FaultExpectation, runKey: string): string {
  const status = `npx formwork status ${runKey}`;
  switch (expected.training) {
    case 'goes on':
      return `npx formwork watch ${runKey}: steps go on; ${status} may call a node suspect until it is heard from again`;
    case 'forms again': {
      const cause = expected.cause === null ? '' : `${expected.cause}, and then `;
      return `${status}: ${cause}the step that the next gang went on from`;
    }
    case 'ends':
      return `${status}: the end, and no node`;
  }
}

function howLong(kind: FaultKind): string {
  const { expected, lasts } = faultRule(kind);
  const struck = lasts === true ? `${USUAL_SECONDS} s, or what --seconds says` : 'a moment';
  switch (expected.training) {
    case 'goes on':
      return expected.contactWithin === null ? struck : `${struck}; all as before at most ${expected.contactWithin} s later`;
    case 'forms again': {
      const limit = expected.clock === 'fault' ? '' : ' past limits.stepSeconds of the run';
      return `${struck}; training again at most ${expected.againWithin} s${limit} later`;
    }
    case 'ends':
      return `${struck}; machines gone at most ${expected.goneWithin} s later`;
  }
}
