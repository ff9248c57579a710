import { describe, expect, test } from 'vitest';
import { expectationInWords } from '../../../src/domain/fault-expectation.js';
import {
  FAULT_KINDS,
  FAULT_NAMES,
  FAULT_TABLE,
  faultInWords,
  faultRule,
  isOffered,
  offeredFault,
} from '../../../src/domain/fault-table.js';
import { failure, thrownBy } from '../../fixtures/failure.js';

describe('the table of faults', () => {
  test('says of every fault that is not offered why not', () => {
    const others = FAULT_NAMES.filter((name) => !isOffered(name));
    expect(others.length + FAULT_KINDS.length).toBe(FAULT_NAMES.length);
    for (const name of others) expect(faultRule(name).notOffered, name).toMatch(/.{10,}/);
  });

  test('gives a fault that lasts the time that it lasts, and no other', () => {
    expect(faultInWords('server-down', 600)).toBe('server stopped for 10 minutes');
    expect(faultInWords('server-down', 60)).toBe('server stopped for 1 minute');
    expect(faultInWords('control-link-cut', 90)).toBe('the link between a node and the control plane cut for 90 s');
    expect(faultInWords('kill-rank', 600)).toBe('SIGKILL to a rank');
  });

  test('expects a cause only where the gang forms again', () => {
    expect(expectationInWords(FAULT_TABLE['kill-rank'].expected, (name) => `<${name}>`)).toContain(
      'noticed as <RankKilled> within',
    );
    expect(expectationInWords(FAULT_TABLE['kill-server'].expected)).not.toContain('noticed');
    expect(expectationInWords(FAULT_TABLE['tear-shard'].expected)).toMatch(/from the checkpoint before$/);
    expect(expectationInWords(FAULT_TABLE['terminate-lease'].expected)).toBe('parked; machines gone within 120 s');
  });
});

describe('a name of a fault', () => {
  test.each(FAULT_KINDS)('that is offered is taken: %s', (kind) => {
    expect(offeredFault(kind)).toBe(kind);
  });

  test('that nothing is called is refused with the nearest one', () => {
    expect(thrownBy(() => offeredFault('kil-ranks'))).toEqual(failure('InvalidRequest', /nearest one is kill-rank /));
  });

  test('that is not offered is refused with the reason', () => {
    expect(thrownBy(() => offeredFault('disk-full'))).toEqual(failure('InvalidRequest', /would fill the disk/));
  });

  test('of every object is no fault', () => {
    expect(thrownBy(() => offeredFault('constructor'))).toEqual(failure('InvalidRequest', /no fault is called constructor/));
  });
});
