import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../domain/failures.js';
import { requestProblems } from '../domain/request-problems.js';

/** Which place of the launcher a node gets. */
export const NODE_PLACE = '{node}';

const VERSIONING_BEHAVIORS = ['AUTO_UPGRADE', 'PINNED'] as const;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** What formwork itself reads from the environment; the server's address and keys are read by @temporalio/envconfig. */
const Environment = z.object({
  FORMWORK_HOME: z.string().min(1).optional().describe('directory for everything that formwork writes; default .formwork'),
  FORMWORK_PYTHON: z.string().min(1).optional().describe('Python of an environment that has gpu-runner/requirements.txt installed'),
  FORMWORK_PYTHON_INDEX: z
    .url('a URL, e.g. https://host/simple')
    .optional()
    .describe('package index to install Python packages from'),
  FORMWORK_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  FORMWORK_SERVER_ADDRESS: z
    .ipv4('an IPv4 address of this machine, e.g. 10.0.0.5')
    .refine((address) => address !== '0.0.0.0', 'the one address that nodes reach this machine by, e.g. 10.0.0.5')
    .default('127.0.0.1')
    .describe('address that the embedded Temporal server listens on, and that nodes are told'),
  FORMWORK_NODE_LAUNCHER: z
    .string()
    .trim()
    .min(1)
    .optional()
    .describe(`command that the host of a local node is started by; ${NODE_PLACE} stands for the node's number`),
  FORMWORK_WEBHOOK_URL: z
    .url({ protocol: /^https?$/, error: 'an address that begins with https:// or http://' })
    .optional()
    .describe('where it is posted that a run has parked or ended'),
  FORMWORK_METRICS_ADDRESS: z
    .string()
    .regex(/^127(?:\.\d{1,3}){3}:\d{1,5}$/, 'a loopback address with a port, e.g. 127.0.0.1:9464')
    .optional()
    .describe('where the control worker serves its metrics, in the format of Prometheus'),
  FORMWORK_OFFLINE: z.stringbool().default(false).describe('never download; fail with what is missing instead'),
  // The names that Temporal's own worker controller gives to the workers that it starts.
  TEMPORAL_DEPLOYMENT_NAME: z.string().min(1).optional().describe('worker deployment that control workers are of'),
  TEMPORAL_WORKER_BUILD_ID: z.string().min(1).optional().describe('version of this control worker within its deployment'),
  FORMWORK_VERSIONING_BEHAVIOR: z
    .enum(VERSIONING_BEHAVIORS)
    .default('AUTO_UPGRADE')
    .describe('whether runs move to the current version or stay with the one that began them'),
});

/** As which version of which deployment a control worker polls. */
export interface WorkerVersion {
  deploymentName: string;
  buildId: string;
  behavior: (typeof VERSIONING_BEHAVIORS)[number];
}

export interface FormworkEnvironment {
  home: string;
  python: string | null;
  pythonIndex: string | null;
  logLevel: (typeof LOG_LEVELS)[number];
  serverAddress: string;
  nodeLauncher: readonly string[];
  offline: boolean;
  metricsAddress: string | null;
  /** May carry a token: for the one process that posts, and for no log and no message. */
  webhookUrl: string | null;
  /** null: not versioned, so any control worker carries on any run. */
  workerVersion: WorkerVersion | null;
}

const SECRETS: readonly string[] = ['FORMWORK_WEBHOOK_URL'];

/** The environment for processes that have no use for what is secret in it. */
export function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !SECRETS.includes(name)));
}

/** @throws Failure EnvironmentNotReady that names the variable and what it may be. */
export function readEnvironment(env: NodeJS.ProcessEnv, cwd: string): FormworkEnvironment {
  const parsed = Environment.safeParse(env);
  if (!parsed.success) {
    const shown = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, SECRETS.includes(name) ? '(secret)' : value]),
    );
    const problems = requestProblems(parsed.error, shown, {}).map(({ path, message }) => `${path}: ${message}`);
    throw new Failure('EnvironmentNotReady', `environment variables are wrong: ${problems.join('; ')}; correct or unset them`);
  }
  const values = parsed.data;
  return {
    home: values.FORMWORK_HOME ?? join(cwd, '.formwork'),
    python: values.FORMWORK_PYTHON ?? null,
    pythonIndex: values.FORMWORK_PYTHON_INDEX ?? null,
    logLevel: values.FORMWORK_LOG_LEVEL,
    serverAddress: values.FORMWORK_SERVER_ADDRESS,
    nodeLauncher: values.FORMWORK_NODE_LAUNCHER?.split(/\s+/) ?? [],
    offline: values.FORMWORK_OFFLINE,
    metricsAddress: values.FORMWORK_METRICS_ADDRESS ?? null,
    webhookUrl: values.FORMWORK_WEBHOOK_URL ?? null,
    workerVersion: workerVersionOf(values),
  };
}

function workerVersionOf(values: z.infer<typeof Environment>): WorkerVersion | null {
  const { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId } = values;
  if (deploymentName === undefined && buildId === undefined) return null;
  if (deploymentName === undefined || buildId === undefined)
    throw new Failure(
      'EnvironmentNotReady',
      `environment variables are wrong: of TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID only ${deploymentName === undefined ? 'the second' : 'the first'} is set, and a version has both; set the other one, or unset it`,
    );
  return { deploymentName, buildId, behavior: values.FORMWORK_VERSIONING_BEHAVIOR };
}
