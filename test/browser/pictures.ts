/**
 * Takes the pictures of README: the start form, the page of a completed run and its report, as PNG files in docs/images.
 *
 *     npm start -- --exit
 *     npx formwork up
 *     npx tsx test/browser/pictures.ts <run key>
 *     npx formwork down
 *
 * The run key is the one that npm start told; FORMWORK_HOME names another home than .formwork. Look at the pictures before they are
 * committed. Fails when no Chromium is on PATH, no formwork is up, the run has not completed, or a picture is too large.
 */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { CliContext } from '../../src/cli/context.js';
import { webUiLinks } from '../../src/cli/start-links.js';
import { runWorkflowId } from '../../src/domain/names.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { packageFile } from '../../src/platform/package-root.js';
import { launchChromium } from './chromium.js';
import { RunPage } from './run-page.js';
import { StartForm } from './start-form.js';

/** README shows pictures about 900 pixels wide: text of a page of this width stays legible there. */
const WIDTH = 1280;
/** A repository keeps every version of a picture for ever. */
const MAX_BYTES = 300_000;
/** The pages have all they show within a second on an idle machine. */
const LOAD_MS = 30_000;
/** More than each picture needs: the Web UI scrolls inside of the page, so that what is below the window would not be drawn. */
const WINDOW_HEIGHT = 2400;
/** Room under the last thing that a picture shows. */
const MARGIN = 24;

const [runKey] = process.argv.slice(2);
if (runKey === undefined) throw new Error('usage: npx tsx test/browser/pictures.ts <run key of a completed run>');
const context = await CliContext.open();
const { uiUrl, namespace } = await context.server();
if (uiUrl === null) throw new Error('no Web UI is known for this server; set TEMPORAL_UI_URL');
const folder = packageFile('docs', 'images');
await mkdir(folder, { recursive: true });

const browser = await launchChromium();
try {
  const page = await browser.newPage({
    viewport: { width: WIDTH, height: WINDOW_HEIGHT },
    deviceScaleFactor: 1,
    colorScheme: 'light',
    locale: 'en-US',
    timezoneId: 'UTC',
  });
  page.setDefaultTimeout(LOAD_MS);

  const form = await StartForm.open(page, webUiLinks(uiUrl, namespace, new Date()).edit);
  await form.copiedInput();
  await form.workflowId.fill(runWorkflowId('my-first-run'));
  await form.workflowId.blur();
  await take(page, 'web-ui-start', page.getByRole('radiogroup', { name: 'Encoding' }));

  const run = new RunPage(page);
  await page.goto(`${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(runWorkflowId(runKey))}`);
  await run.says('Completed', LOAD_MS);
  await page.getByRole('button', { name: 'Collapse Navigation' }).click();
  const details = await run.openDetails();
  await details.getByText(/^report, /).waitFor();
  await take(page, 'web-ui-run', details.owner());

  await page.goto(pathToFileURL(join(context.home.store(), runKeys.report(runKey), 'report.html')).href);
  await take(page, 'report', page.getByRole('table').first());
} finally {
  await browser.close();
}

/** The page from its top to this element. */
async function take(page: Page, name: string, last: Locator): Promise<void> {
  const box = await last.boundingBox();
  if (box === null) throw new Error(`nothing to end ${name}.png with: ${last.toString()} is not on show`);
  const path = join(folder, `${name}.png`);
  const height = Math.ceil(box.y + box.height + MARGIN);
  await page.screenshot({ path, clip: { x: 0, y: 0, width: WIDTH, height }, animations: 'disabled', caret: 'hide' });
  const { size } = await stat(path);
  if (size > MAX_BYTES) throw new Error(`${path} has ${size} bytes, more than ${MAX_BYTES}; take less of the page`);
  process.stdout.write(`${path}: ${WIDTH} x ${height}, ${size} bytes\n`);
}
