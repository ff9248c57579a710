import { networkInterfaces } from 'node:os';
import { Failure } from '../../domain/failures.js';

/** Where the ranks of other nodes reach this one. Gloo and NCCL are told the interface, whoever connects the address. */
export interface RankNetwork {
  rankAddress: string;
  rankInterface: string;
}

/**
 * Found from either: one name of an interface does for all nodes of a cluster, which an address cannot. Loopback without both.
 * @throws Failure EnvironmentNotReady when this machine has no such interface or address.
 */
export function rankNetwork(env: NodeJS.ProcessEnv, interfaces = networkInterfaces()): RankNetwork {
  const { FORMWORK_RANK_ADDRESS: address, FORMWORK_RANK_INTERFACE: name } = env;
  if (address !== undefined && name !== undefined) return { rankAddress: address, rankInterface: name };
  const found = Object.entries(interfaces).flatMap(([one, addresses = []]) =>
    addresses.map((info) => ({ rankAddress: info.address, rankInterface: one, family: info.family })),
  );
  if (name !== undefined) {
    const here = found.find(({ rankInterface, family }) => rankInterface === name && family === 'IPv4');
    if (here !== undefined) return { rankAddress: here.rankAddress, rankInterface: name };
    throw missing(`no network interface ${name} with an IPv4 address`, 'FORMWORK_RANK_INTERFACE', found);
  }
  const wanted = address ?? '127.0.0.1';
  const here = found.find(({ rankAddress }) => rankAddress === wanted);
  if (here !== undefined) return { rankAddress: wanted, rankInterface: here.rankInterface };
  throw missing(`no network interface has the address ${wanted}`, 'FORMWORK_RANK_ADDRESS', found);
}

function missing(what: string, variable: string, found: readonly RankNetwork[]): Failure {
  const there = found.map(({ rankInterface, rankAddress }) => `${rankInterface} ${rankAddress}`).join(', ') || 'none that is up';
  return new Failure('EnvironmentNotReady', `${what}; this machine has ${there}; correct ${variable}`);
}
