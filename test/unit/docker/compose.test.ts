import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { CONTROL_QUEUE, SEARCH_ATTRIBUTES } from '../../../src/domain/names.js';
import { parseDockerfile } from './dockerfile.js';
import { read, repositoryPath, said } from './repository.js';

const Service = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.string(), dockerfile: z.string(), target: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z
    .record(z.string(), z.strictObject({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }))
    .default({}),
  healthcheck: z.object({ test: z.array(z.string()).min(2), retries: z.int(), start_period: z.string() }).optional(),
  restart: z.enum(['unless-stopped', 'on-failure:5']),
});
const Compose = z.strictObject({
  name: z.string(),
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
});

const compose = Compose.parse(parseYaml('docker/compose.yaml'));
const services = Object.entries(compose.services);
const service = (name: string): z.infer<typeof Service> => compose.services[name] as z.infer<typeof Service>;

function parseYaml(path: string): unknown {
  const document = parseDocument(read(path), { strict: true, uniqueKeys: true });
  expect([...document.errors, ...document.warnings], path).toEqual([]);
  return document.toJS();
}

/** Variables that the file asks of the environment, with what is said where they are missing. */
const variables = [...read('docker/compose.yaml').matchAll(/\$\{(\w+)(?:(:-|:\?)([^}]*))?\}/g)].map(([, name, operator, rest]) => ({
  name: name as string,
  operator,
  rest,
}));

describe('the services', () => {
  test('there is a server with its database, its two jobs and its Web UI, and formwork', () => {
    expect(Object.keys(compose.services)).toEqual(['postgresql', 'schema', 'temporal', 'namespace', 'ui', 'formwork']);
    expect(service('postgresql').image).toMatch(/^postgres:16\./);
  });

  test.each(services)('%s has an exact version', (_, { image }) => {
    expect(image).toMatch(/^[a-z/-]+:\d+\.\d+(\.\d+)?(-bookworm)?$/);
  });

  test('the server and the tools that make its schema are of one version', () => {
    const version = service('temporal').image.split(':')[1];
    expect(service('schema').image).toBe(`temporalio/admin-tools:${version}`);
    expect(service('namespace').image).toBe(`temporalio/admin-tools:${version}`);
  });

  test('formwork is built from the target with Python, and carries the version of the package', () => {
    const { build, image } = service('formwork');
    expect(image).toBe(`formwork-node:${said('package.json', /"version": "([\d.]+)"/)}`);
    const dockerfile = join('docker', build?.context ?? '', build?.dockerfile ?? '');
    const target = parseDockerfile(read(dockerfile)).stages.find(({ name }) => name === build?.target);
    expect(target?.instructions.some(({ text }) => text.includes('FORMWORK_PYTHON='))).toBe(true);
  });

  test.each(services)('%s is reached from this machine alone, if at all', (_, { ports }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{\w+:-\d+\}:\d+$/);
  });

  test('the database is not reached from outside', () => {
    expect(service('postgresql').ports).toEqual([]);
  });

  test.each(services)('%s waits for services that can tell when they are ready', (_, { depends_on }) => {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      const other = service(name);
      if (condition === 'service_healthy') expect(other.healthcheck, name).toBeDefined();
      // A job that is restarted whenever it ends would never have completed.
      else expect(other.restart, name).toBe('on-failure:5');
    }
  });

  test('formwork comes last: after namespace, server, schema and database', () => {
    const order: string[] = [];
    for (
      let [name] = Object.keys(service('formwork').depends_on);
      name !== undefined;
      [name] = Object.keys(service(name).depends_on)
    )
      order.push(name);
    expect(order).toEqual(['namespace', 'temporal', 'schema', 'postgresql']);
  });

  test('formwork and the Web UI are told of the server by its name and its port', () => {
    for (const name of ['formwork', 'ui', 'namespace']) expect(service(name).environment['TEMPORAL_ADDRESS']).toBe('temporal:7233');
    expect(service('formwork').environment['TEMPORAL_NAMESPACE']).toBe(service('namespace').environment['TEMPORAL_NAMESPACE']);
  });
});

describe('volumes', () => {
  test('each that is used is declared, and each that is declared is used', () => {
    const used = services.flatMap(([, { volumes }]) =>
      volumes.map((volume) => volume.replace(/^\$\{\w+:-(\w+)\}/, '$1').split(':')[0] as string),
    );
    const named = used.filter((source) => !source.startsWith('.'));
    expect([...new Set(named)].sort()).toEqual(Object.keys(compose.volumes).sort());
    for (const source of used.filter((name) => name.startsWith('.'))) {
      expect(statSync(repositoryPath(join('docker', source))).isDirectory(), source).toBe(true);
    }
  });

  test('the home of formwork, the one volume of its image, outlives the container', () => {
    expect(service('formwork').volumes).toContain('home:/var/lib/formwork');
  });

  test('every file that is named inside of a mounted folder is there', () => {
    const named = services.flatMap(([, { command = [], environment }]) =>
      [...command, ...Object.values(environment)].filter((value) => value.startsWith('/opt/temporal/')),
    );
    expect(named).toHaveLength(3);
    for (const path of named) expect(existsSync(repositoryPath(path.replace('/opt/', 'docker/'))), path).toBe(true);
  });
});

describe('secrets', () => {
  test('the password of the database comes from outside, and its absence is said with the remedy', () => {
    const passwords = services.flatMap(([, { environment }]) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|PWD/.test(name)),
    );
    expect(passwords).toHaveLength(3);
    for (const [, value] of passwords) expect(value).toMatch(/^\$\{POSTGRES_PASSWORD(:\?.+)?\}$/);
    const required = variables.filter(({ operator }) => operator === ':?');
    expect(required.map(({ name }) => name)).toEqual(['POSTGRES_PASSWORD']);
    expect(required[0]?.rest).toContain('docker/.env.example');
  });

  test('the example names every variable that is read, with its default, and holds no password', () => {
    const lines = read('docker/.env.example').split('\n');
    for (const { name, operator, rest } of variables) {
      if (name === 'POSTGRES_PASSWORD') expect(lines).toContain('POSTGRES_PASSWORD=');
      else if (name === 'FORMWORK_DATA') expect(lines.some((line) => line.startsWith('#FORMWORK_DATA=/'))).toBe(true);
      else expect([operator, lines.includes(`#${name}=${rest}`)], name).toEqual([':-', true]);
    }
  });

  test('the file with the password is kept out of git and out of images', () => {
    expect(read('docker/.gitignore').split('\n')).toContain('.env');
    expect(
      read('.dockerignore')
        .split('\n')
        .filter((line) => line.startsWith('!docker')),
    ).toEqual(['!docker/healthcheck.mjs']);
  });
});

test('the namespace job makes exactly the search attributes that runs set', () => {
  expect(said('docker/temporal/namespace.sh', /for name in (.*); do/).split(' ')).toEqual([...SEARCH_ATTRIBUTES]);
});

test('the health check looks at the queue of the control worker', () => {
  expect(read('docker/healthcheck.mjs')).toContain('CONTROL_QUEUE');
  expect(CONTROL_QUEUE).toBe('formwork');
});

test('the file for GPUs changes the service that runs ranks, and no other', () => {
  const gpu = z.object({ services: z.record(z.string(), z.unknown()) }).parse(parseYaml('docker/compose.gpu.yaml'));
  expect(Object.keys(gpu.services)).toEqual(['formwork']);
  expect(gpu.services['formwork']).toMatchObject({
    deploy: { resources: { reservations: { devices: [{ driver: 'nvidia', capabilities: ['gpu'] }] } } },
  });
});
