import { Client, Connection, isGrpcServiceError, ServiceError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Failure } from '../../domain/failures.js';

/** Where a server is, with what it takes to be let in. */
export interface ServerTarget {
  address: string;
  namespace: string;
  connectionOptions: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
}

/**
 * The server that environment variables or temporal.toml name, in the way of the Temporal CLI; null when they name none.
 * @throws Failure EnvironmentNotReady when they contradict themselves.
 */
export function configuredServer(): ServerTarget | null {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig();
    const { address } = connectionOptions;
    return address === undefined ? null : { address, namespace: namespace ?? 'default', connectionOptions };
  } catch (error) {
    // The reader of TOML draws the place below its message.
    const reason = (error as Error).message.trim().replaceAll(/\s+/g, ' ');
    const file = process.env['TEMPORAL_CONFIG_FILE'] ?? 'temporal.toml';
    throw new Failure(
      'EnvironmentNotReady',
      `the Temporal configuration is wrong: ${reason}; correct ${file}, or the variables TEMPORAL_*`,
      {},
      { cause: error },
    );
  }
}

/** The embedded server, or any without keys. */
export function plainServer(address: string, namespace: string): ServerTarget {
  return { address, namespace, connectionOptions: { address } };
}

/** NOT_FOUND of gRPC. */
const NOT_FOUND = 5;

/** Does a server say that there is no such thing? */
export const isNotFound = (error: unknown): boolean => isGrpcServiceError(error) && (error.code as number) === NOT_FOUND;

/** Why a server could not be asked, of what asking it has thrown; null: something else is wrong. */
export function whyUnanswered(error: unknown): string | null {
  const isAway = error instanceof Failure && (error.kind === 'Unreachable' || error.kind === 'EnvironmentNotReady');
  return isAway || error instanceof ServiceError || isGrpcServiceError(error) ? (error as Error).message : null;
}

/** @throws Failure Unreachable; EnvironmentNotReady where the server does not know the namespace. The caller closes `client.connection`. */
export async function connectClient({ address, namespace, connectionOptions }: ServerTarget): Promise<Client> {
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '10 seconds' }).catch((error: unknown) => {
    const message = `no Temporal server answers at ${address}; start one with formwork up, or correct TEMPORAL_ADDRESS`;
    throw new Failure('Unreachable', message, { address }, { cause: error });
  });
  try {
    await connection.workflowService.describeNamespace({ namespace });
    return new Client({ connection, namespace });
  } catch (error) {
    await connection.close();
    if (!isNotFound(error)) throw error;
    throw new Failure(
      'EnvironmentNotReady',
      `the Temporal server at ${address} has no namespace ${namespace}; create it there, or correct TEMPORAL_NAMESPACE`,
      { address, namespace },
      { cause: error },
    );
  }
}
