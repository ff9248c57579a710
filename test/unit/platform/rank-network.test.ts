import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { rankNetwork } from '../../../src/platform/network/rank-network.js';
import { failure, thrownBy } from '../../fixtures/failure.js';

const info = (address: string, family: 'IPv4' | 'IPv6' = 'IPv4') => ({ address, family }) as never;
const TWO_LINKS = {
  lo: [info('127.0.0.1'), info('::1', 'IPv6')],
  eth0: [info('10.0.0.7')],
  eth1: [info('fe80::1', 'IPv6'), info('10.1.0.7')],
};

describe('the network of ranks', () => {
  test('is loopback unless something is said', () => {
    expect(rankNetwork({}, TWO_LINKS)).toEqual({ rankAddress: '127.0.0.1', rankInterface: 'lo' });
    expect(rankNetwork({}, networkInterfaces())).toMatchObject({ rankAddress: '127.0.0.1' });
  });

  test('is found by its interface, whose name can be the same on all nodes', () => {
    const env = { FORMWORK_RANK_INTERFACE: 'eth1' };
    expect(rankNetwork(env, TWO_LINKS)).toEqual({ rankAddress: '10.1.0.7', rankInterface: 'eth1' });
  });

  test('is found by its address', () => {
    const env = { FORMWORK_RANK_ADDRESS: '10.0.0.7' };
    expect(rankNetwork(env, TWO_LINKS)).toEqual({ rankAddress: '10.0.0.7', rankInterface: 'eth0' });
  });

  test('is taken as it is given where both are: an address may be translated on its way', () => {
    const env = { FORMWORK_RANK_ADDRESS: '203.0.113.9', FORMWORK_RANK_INTERFACE: 'eth0' };
    expect(rankNetwork(env, TWO_LINKS)).toEqual({ rankAddress: '203.0.113.9', rankInterface: 'eth0' });
  });

  test.each<[NodeJS.ProcessEnv, RegExp]>([
    [
      { FORMWORK_RANK_INTERFACE: 'ib0' },
      /no network interface ib0 with an IPv4 address; .*eth1 10\.1\.0\.7.*; correct FORMWORK_RANK_INTERFACE/,
    ],
    [{ FORMWORK_RANK_ADDRESS: '10.9.0.1' }, /no network interface has the address 10\.9\.0\.1; .*; correct FORMWORK_RANK_ADDRESS/],
  ])('%o is refused with what this machine has', (env, message) => {
    expect(thrownBy(() => rankNetwork(env, TWO_LINKS))).toEqual(failure('EnvironmentNotReady', message));
  });
});
