import { expect, test } from 'vitest';
import { isLinkable } from '../../../src/platform/compute/keep-link.js';
import { plainServer } from '../../../src/platform/temporal/connection.js';

const server = (address: string, options: object = {}): Parameters<typeof isLinkable>[0] => {
  const plain = plainServer(address, 'default');
  return { ...plain, connectionOptions: { ...plain.connectionOptions, ...options } };
};

test('a proxy stands before a plain server of this machine, and before no other', () => {
  expect(isLinkable(server('127.0.0.1:7233'))).toBe(true);
  expect(isLinkable(server('10.0.0.5:7233'))).toBe(false);
  expect(isLinkable(server('temporal.example:7233'))).toBe(false);
  expect(isLinkable(server('127.0.0.1:7233', { tls: true }))).toBe(false);
  expect(isLinkable(server('127.0.0.1:7233', { tls: {} }))).toBe(false);
  expect(isLinkable(server('127.0.0.1:7233', { apiKey: 'key' }))).toBe(false);
});
