// Runs the ranks of one job in a process group of its own. usage: rank-supervisor <work folder> <job id>
import { packageFile } from '../src/platform/package-root.js';
import { JobFolder } from '../src/platform/runner/job-folder.js';
import { RankSupervisor } from '../src/platform/runner/rank-supervisor.js';

const [work, jobId] = process.argv.slice(2);
if (work === undefined || jobId === undefined) throw new Error('usage: rank-supervisor <work folder> <job id>');
const python = process.env['FORMWORK_PYTHON'];
if (python === undefined) throw new Error('FORMWORK_PYTHON is not set: whoever starts nodes names the Python of their ranks');
const folder = new JobFolder(work, jobId);
const spec = await folder.spec();
if (spec === null) throw new Error(`there is no job ${jobId} in ${work}`);
await new RankSupervisor(folder, spec, { python, packageFolder: packageFile('gpu-runner'), env: process.env }).run();
