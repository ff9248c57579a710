import type { SetupReporter } from '../platform/setup/prepare-machine.js';

/** Tells of each step of the set-up that has something to do: name, progress, time. */
export const setupReporter = (say: (line: string) => void): SetupReporter => ({
  begin: (name, detail) => say(`${name}: ${detail} ...`),
  progress: (text) => say(`  ${text}`),
  end: (seconds) => say(`  done in ${seconds.toFixed(1)} s`),
});
