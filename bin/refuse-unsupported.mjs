// The first thing that any entry does: later imports need a newer Node than this file.
const OLDEST_NODE = [20, 19];

/** Ends the process with a sentence where formwork cannot run. */
export function refuseUnsupported() {
  if (process.platform === 'win32')
    refuse('formwork does not run on Windows: it needs process groups; use Linux, macOS, or WSL 2.');
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    refuse(
      `formwork needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}. Install a newer one from your package manager.`,
    );
  }
}

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(3);
}
