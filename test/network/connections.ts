import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const ESTABLISHED = '01';

export interface TcpConnection {
  /** IPv4, also where the socket is one of IPv6. */
  local: string;
  remote: string;
}

/** Open TCP connections of a process, from the tables of the network namespace that it is in. */
export function connectionsOf(pid: number): TcpConnection[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .slice(1, -1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === ESTABLISHED && own.has(fields[9]))
      .map((fields) => ({ local: addressOf(fields[1]), remote: addressOf(fields[2]) })),
  );
}

/** The kernel writes the bytes of each word backwards; the last word of a mapped address is the IPv4 one. */
function addressOf(field = ''): string {
  const word = field.split(':')[0]?.slice(-8) ?? '';
  return [6, 4, 2, 0].map((at) => parseInt(word.slice(at, at + 2), 16)).join('.');
}
