// Runs the ranks of one job in a process group of its own. usage: rank-supervisor <work folder> <job id>
import { dirname } from 'node:path';
import { NodeFolder } from '../src/platform/compute/node-folder.js';
import { keepHost } from '../src/platform/compute/node-host.js';
import { entryCommand, packageFile } from '../src/platform/package-root.js';
import { JobFolder } from '../src/platform/runner/job-folder.js';
import { RankSupervisor } from '../src/platform/runner/rank-supervisor.js';

const [work, jobId] = process.argv.slice(2);
if (work === undefined || jobId === undefined) throw new Error('usage: rank-supervisor <work folder> <job id>');
const python = process.env['FORMWORK_PYTHON'];
if (python === undefined) throw new Error('FORMWORK_PYTHON is not set: whoever starts nodes names the Python of their ranks');
const folder = new JobFolder(work, jobId);
const spec = await folder.spec();
if (spec === null) throw new Error(`there is no job ${jobId} in ${work}`);
const node = new NodeFolder(dirname(work));
const say = (message: string): void => void process.stderr.write(`${message}\n`);
const deadline = (): Promise<Date | null> =>
  node.deadline().catch((error: Error) => {
    // Ranks train no worse for it, and the last one that was read still counts.
    say(`the deadline of this node cannot be read: ${error.message}`);
    return null;
  });
const supervisor = new RankSupervisor(folder, spec, {
  python,
  packageFolder: packageFile('gpu-runner'),
  env: process.env,
  deadline,
});
const ended = new AbortController();
// Host and worker may both be killed; then this process is all that is left of the node, beside its ranks.
const hosted = keepHost(node, { command: entryCommand('node-host'), env: process.env }, { say, signal: ended.signal });
try {
  await supervisor.run();
} finally {
  ended.abort();
  await hosted;
}
