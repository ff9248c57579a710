import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readEnvironment, withoutSecrets } from '../../../src/platform/environment.js';
import { failure, thrownBy } from '../../fixtures/failure.js';

describe('the environment', () => {
  test('may be empty: everything has a default', () => {
    expect(readEnvironment({}, '/project')).toEqual({
      home: '/project/.formwork',
      python: null,
      pythonIndex: null,
      logLevel: 'info',
      serverAddress: '127.0.0.1',
      nodeLauncher: [],
      offline: false,
      metricsAddress: null,
      webhookUrl: null,
      workerVersion: null,
    });
  });

  test('is taken as it is given', () => {
    const env = {
      FORMWORK_HOME: '/data/formwork',
      FORMWORK_PYTHON: '/env/bin/python',
      FORMWORK_PYTHON_INDEX: 'https://example.org/simple',
      FORMWORK_LOG_LEVEL: 'debug',
      FORMWORK_SERVER_ADDRESS: '10.0.0.5',
      FORMWORK_NODE_LAUNCHER: ' ip netns  exec host-{node} ',
      FORMWORK_METRICS_ADDRESS: '127.0.0.1:9464',
      FORMWORK_OFFLINE: '1',
      FORMWORK_WEBHOOK_URL: 'https://example.org/hooks/token',
      TEMPORAL_DEPLOYMENT_NAME: 'formwork',
      TEMPORAL_WORKER_BUILD_ID: '0.2.0',
      FORMWORK_VERSIONING_BEHAVIOR: 'PINNED',
      OTHER: 'ignored',
    };
    expect(readEnvironment(env, '/project')).toEqual({
      home: '/data/formwork',
      python: '/env/bin/python',
      pythonIndex: 'https://example.org/simple',
      logLevel: 'debug',
      serverAddress: '10.0.0.5',
      nodeLauncher: ['ip', 'netns', 'exec', 'host-{node}'],
      offline: true,
      metricsAddress: '127.0.0.1:9464',
      webhookUrl: 'https://example.org/hooks/token',
      workerVersion: { deploymentName: 'formwork', buildId: '0.2.0', behavior: 'PINNED' },
    });
  });

  test.each([
    ['TEMPORAL_DEPLOYMENT_NAME', 'first'],
    ['TEMPORAL_WORKER_BUILD_ID', 'second'],
  ])('with %s alone is refused, since a version has both', (name, which) => {
    expect(thrownBy(() => readEnvironment({ [name]: 'formwork' }, '/'))).toEqual(
      failure('EnvironmentNotReady', new RegExp(`only the ${which} is set`)),
    );
  });

  test('gives a version that moves runs to the current one, unless told otherwise', () => {
    const env = { TEMPORAL_DEPLOYMENT_NAME: 'formwork', TEMPORAL_WORKER_BUILD_ID: '0.2.0' };
    expect(readEnvironment(env, '/').workerVersion?.behavior).toBe('AUTO_UPGRADE');
  });

  test.each<[string, string, RegExp]>([
    ['FORMWORK_LOG_LEVEL', 'loud', /FORMWORK_LOG_LEVEL: expected one of .*"info".*, got "loud"/],
    ['FORMWORK_OFFLINE', 'perhaps', /FORMWORK_OFFLINE: .*"true"/],
    ['FORMWORK_PYTHON_INDEX', 'my mirror', /FORMWORK_PYTHON_INDEX: expected a URL, e\.g\. https:.*, got "my mirror"/],
    ['FORMWORK_SERVER_ADDRESS', 'my-host', /FORMWORK_SERVER_ADDRESS: expected an IPv4 address .*10\.0\.0\.5.*, got "my-host"/],
    ['FORMWORK_SERVER_ADDRESS', '0.0.0.0', /FORMWORK_SERVER_ADDRESS: expected the one address that nodes reach/],
    ['FORMWORK_METRICS_ADDRESS', '0.0.0.0:9464', /FORMWORK_METRICS_ADDRESS: expected a loopback address .*, got "0\.0\.0\.0:9464"/],
    ['FORMWORK_NODE_LAUNCHER', ' ', /FORMWORK_NODE_LAUNCHER: /],
    ['FORMWORK_VERSIONING_BEHAVIOR', 'pinned', /FORMWORK_VERSIONING_BEHAVIOR: expected one of .*"PINNED".*, got "pinned"/],
    ['FORMWORK_HOME', '', /FORMWORK_HOME: /],
    ['FORMWORK_PYTHON', '', /FORMWORK_PYTHON: /],
  ])('%s=%s is refused by name, with what it may be and what to do', (name, value, message) => {
    const refused = thrownBy(() => readEnvironment({ [name]: value }, '/'));
    expect(refused).toEqual(failure('EnvironmentNotReady', message));
    expect(refused).toEqual(failure('EnvironmentNotReady', /correct or unset/));
  });

  test.each(['token-in-a-typo', 'ftp://host/token-in-a-typo'])(
    'a wrong address of a webhook, %s, is refused without being shown',
    (url) => {
      const refused = thrownBy(() => readEnvironment({ FORMWORK_WEBHOOK_URL: url }, '/'));
      expect(refused).toEqual(failure('EnvironmentNotReady', /FORMWORK_WEBHOOK_URL: expected an address that begins with https/));
      expect(inspect(refused, { depth: null, showHidden: true })).not.toContain('token-in-a-typo');
    },
  );

  test('for processes that have no use for secrets is less those', () => {
    expect(withoutSecrets({ FORMWORK_WEBHOOK_URL: 'https://host/token', FORMWORK_HOME: '/home' })).toEqual({
      FORMWORK_HOME: '/home',
    });
  });

  test('names every wrong variable at once', () => {
    const refused = thrownBy(() => readEnvironment({ FORMWORK_LOG_LEVEL: 'loud', FORMWORK_OFFLINE: 'perhaps' }, '/'));
    expect(refused).toEqual(failure('EnvironmentNotReady', /FORMWORK_LOG_LEVEL.*FORMWORK_OFFLINE/));
  });
});
