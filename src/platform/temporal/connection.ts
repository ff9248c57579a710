import { Client, Connection } from '@temporalio/client';
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
    throw new Failure(
      'EnvironmentNotReady',
      `the Temporal configuration is wrong: ${String(error)}; see temporal.toml and TEMPORAL_*`,
      {},
      { cause: error },
    );
  }
}

/** The embedded server, or any without keys. */
export function plainServer(address: string, namespace: string): ServerTarget {
  return { address, namespace, connectionOptions: { address } };
}

/** @throws Failure Unreachable. The caller closes `client.connection`. */
export async function connectClient(target: ServerTarget): Promise<Client> {
  try {
    const connection = await Connection.connect({ ...target.connectionOptions, connectTimeout: '10 seconds' });
    return new Client({ connection, namespace: target.namespace });
  } catch (error) {
    throw new Failure(
      'Unreachable',
      `no Temporal server answers at ${target.address}; start one with formwork up, or correct TEMPORAL_ADDRESS`,
      { address: target.address },
      { cause: error },
    );
  }
}
