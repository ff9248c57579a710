// Starts `sleep 600` detached, says which process it is, and ends. usage: detach <log file>
import { startDetached } from '../../src/platform/process/start-detached.js';

const log = process.argv[2];
if (log === undefined) throw new Error('usage: detach <log file>');
const started = await startDetached({
  command: 'sh',
  args: ['-c', 'echo out; echo err >&2; exec sleep 600'],
  cwd: '/',
  env: process.env,
  log,
});
process.stdout.write(`${JSON.stringify(started)}\n`);
