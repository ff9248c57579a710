#!/usr/bin/env node
// Stands where the host of a local node is expected: node-host <node folder>. Says that it runs, keeps a "worker" and ranks in
// sessions of their own, and takes them down when it is asked to. STAND_IN_HOST says how it misbehaves.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const behaviour = process.env.STAND_IN_HOST ?? '';
if (behaviour === 'breaks') {
  process.stderr.write('this host does not start\n');
  process.exit(1);
}

mkdirSync(join(folder, 'work'), { recursive: true });
writeFileSync(join(folder, 'work', 'shard'), 'weights');
// A rank starts its own children, in a session of its own.
const script = behaviour === 'breeds' ? 'while :; do sleep 600 & sleep 0.02; done' : 'sleep 600 & sleep 600 & wait';
const rank = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' });

process.on('SIGTERM', () => {
  if (behaviour === 'ignores SIGTERM') return;
  if (behaviour !== 'forgets its ranks') process.kill(-rank.pid, 'SIGKILL');
  writeFileSync(join(folder, 'terminated.json'), JSON.stringify({ at: new Date().toISOString(), reason: 'asked to end' }));
  process.exit(0);
});

const stat = readFileSync('/proc/self/stat', 'utf8');
const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
// As a real one does: whoever looks meanwhile must not find half of it.
writeFileSync(join(folder, 'host.json.draft'), JSON.stringify({ host: { pid: process.pid, startTime } }));
renameSync(join(folder, 'host.json.draft'), join(folder, 'host.json'));
setInterval(() => undefined, 1000);
