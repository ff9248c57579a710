// npm start: sets everything up, then runs the main job to its end.
import { preparePackage } from './prepare-package.mjs';

preparePackage();
process.argv.splice(2, 0, 'start');
await import('../dist/src/cli/main.js');
