import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of a Chromium on PATH; null where there is none. */
const chromiumPath: string | null = findOnPath();

/** Why tests that need a browser do not run; null where they do. */
export const noChromium: string | null =
  chromiumPath === null ? `not run: none of ${NAMES.join(', ')} is on PATH; install Debian's chromium to run it` : null;

/** A browser with a profile of its own that is thrown away when it closes, and that asks nothing of the network by itself. */
export function launchChromium(): Promise<Browser> {
  if (chromiumPath === null) throw new Error(noChromium ?? 'no Chromium');
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      // Chromium's own sandbox does not start for root, which is what containers run tests as. All pages here are our own.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}

function findOnPath(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
