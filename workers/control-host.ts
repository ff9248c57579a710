// The control host: keeps the embedded server and the control worker alive for as long as somebody needs them, and leaves
// nothing behind. Started detached by `formwork up` and `npm start`; SIGTERM ends it, a second SIGTERM at once.
import { ControlFolder } from '../src/platform/control/control-folder.js';
import { ControlPlane } from '../src/platform/control/control-plane.js';
import { readEnvironment } from '../src/platform/environment.js';
import { Failure } from '../src/domain/failures.js';
import { Home } from '../src/platform/home/home.js';
import { takeLock } from '../src/platform/lock.js';
import { createLogger } from '../src/platform/logger.js';

const environment = readEnvironment(process.env, process.cwd());
const logger = createLogger('control-host', environment.logLevel);
const home = new Home(environment.home);
await home.open();
const folder = new ControlFolder(home.control());

const lock = await takeLock(folder.lock());
if ('heldBy' in lock) {
  logger.info({ heldBy: lock.heldBy.pid }, 'another control host has this home');
  process.exit(0);
}
try {
  await folder.clearFailure();
  const plane = new ControlPlane(home, folder, process.env, logger, environment.serverAddress);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => plane.askToStop());
  await plane.run();
} catch (error) {
  logger.error({ err: error }, 'control host failed');
  await folder.writeFailure({
    kind: error instanceof Failure ? error.kind : 'Defect',
    message: error instanceof Error ? error.message : String(error),
  });
  process.exitCode = 1;
} finally {
  await folder.removeRecord();
  await lock.release();
}
process.exit();
