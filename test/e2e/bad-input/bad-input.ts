import type { FailureKind } from '../../../src/contract/kinds.js';

/** What has to be said about an input, however it came. */
export interface Refusal {
  kind: FailureKind;
  /** Exit code of the command, as docs/cli.md has it. */
  exit: 2 | 3;
  /** What the message names, in this order: the thing, what is wrong with it, what to do. */
  says: readonly string[];
}

/** A request that is refused, or that names files that are; it can come from the command line and from the Web UI. */
export interface BadRequest extends Refusal {
  title: string;
  /** The request as JSON. What it names is made in `folder`, which is empty and there for this case alone. */
  request: (folder: string) => unknown;
}

/** What only a command can be given: files that hold no request, options, an environment. */
export interface BadCommand extends Omit<Refusal, 'kind'> {
  title: string;
  /** null: said before any compiled code of ours can run. */
  kind: FailureKind | null;
  /** The command; null where this machine cannot be brought into the state, which is then said in one line. */
  command: (folder: string) => CommandLine | null;
}

export interface CommandLine {
  args: readonly string[];
  /** Program below the repository; formwork itself where there is none. */
  entry?: string;
  /** Beside the environment of the tests; undefined takes a variable out. */
  env?: NodeJS.ProcessEnv;
  /** Home of this command; one of its own, not yet made, where there is none. */
  home?: string;
}
