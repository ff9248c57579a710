import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { scrape } from '../../scale/scrape.js';

const TEXT = `# HELP slots free ones
slots{kind="a",queue="x"} 3
slots{queue="y",kind="a"} 4
slots{kind="b"} 50
plain 0.5
`;

test('series of one name are added up, those alone whose labels are asked for', async () => {
  const server = createServer((socket) =>
    socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${TEXT.length}\r\nConnection: close\r\n\r\n${TEXT}`)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const found = await scrape(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  await new Promise((resolve) => server.close(resolve));
  expect(found.bytes).toBe(TEXT.length);
  expect(found.sum('slots', { kind: 'a' })).toBe(7);
  expect(found.sum('slots')).toBe(57);
  expect(found.sum('plain')).toBe(0.5);
  expect([found.has('plain'), found.has('lots')]).toEqual([true, false]);
});
