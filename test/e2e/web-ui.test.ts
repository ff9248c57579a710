import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RunReport } from '../../src/contract/report.js';
import { FineTuningRequest } from '../../src/contract/request.js';
import { launchChromium, noChromium } from '../browser/chromium.js';
import { RunPage } from '../browser/run-page.js';
import { ScheduleForm } from '../browser/schedule-form.js';
import { StartForm } from '../browser/start-form.js';
import { Sandbox } from './sandbox.js';
import { shortRequest } from './short-request.js';

// A test that did not run must not look like one that passed.
if (noChromium !== null) process.stderr.write(`test/e2e/web-ui.test.ts ${noChromium}\n`);

/** Nothing but the plan is made, on a machine that may be busy with other tests. */
const AT_ONCE_MS = 30_000;
/** Rows of the practice task are made, and two node workers start. */
const LEASE_MS = 120_000;
/** Most of what a test may take here; the short request needs about one minute on two idle cores. */
const RUN_MS = 480_000;

const example = FineTuningRequest.parse({ dryRun: true });

describe.skipIf(noChromium !== null)('the Web UI of a formwork that is up', () => {
  const box = new Sandbox();
  let browser: Browser;
  let page: Page;
  let links: { edit: string; practice: string; runs: string; schedule: string };

  const stored = (runKey: string): string => join(box.home, 'store', 'runs', runKey);

  beforeAll(async () => {
    const up = box.formwork(['up']);
    expect(await up.ended, up.stderr).toBe(0);
    const printed = box.formwork(['links']);
    expect(await printed.ended, printed.stderr).toBe(0);
    const link = (name: string): string => new RegExp(`^${name} +(http\\S+)$`, 'm').exec(printed.stdout)?.[1] ?? '';
    links = {
      ...{ edit: link('start a run'), practice: link('start the practice run') },
      ...{ runs: link('all runs'), schedule: link('make a schedule') },
    };
  });
  afterAll(() => box.close());

  beforeAll(async () => {
    browser = await launchChromium();
    return () => browser.close();
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 1200 } });
    // The server answers within this even while ranks train on every core.
    page.setDefaultTimeout(AT_ONCE_MS);
  });
  afterEach(() => page.close());

  const runPageOf = async (runKey: string): Promise<RunPage> => {
    await page.goto(links.runs);
    await page.getByRole('link', { name: `run/${runKey}`, exact: true }).click();
    return new RunPage(page);
  };

  it('has a start form with queue, type and every field of a request, which edited makes a run that completes', async () => {
    const form = await StartForm.open(page, links.edit);
    expect(await form.taskQueue.inputValue()).toBe('formwork');
    expect(await form.workflowType.inputValue()).toBe('fineTuningRun');
    expect(await form.copiedInput()).toEqual(example);

    const { data, training, evaluation } = shortRequest(join(box.root, 'data'));
    await form.workflowId.fill('run/edited');
    await form.typeInput({
      ...example,
      data: { ...example.data, ...data },
      training: { ...example.training, ...training },
      evaluation: { ...example.evaluation, ...evaluation },
      dryRun: false,
    });
    await form.pressStart();
    const run = new RunPage(page);
    await run.says('Completed', RUN_MS);
    await expectResult(run, '"reportKey": "runs/edited/report"');
    const report = RunReport.parse(JSON.parse(readFileSync(join(stored('edited'), 'report', 'report.json'), 'utf8')));
    expect(report.headline.comparison.items).toBe(24);
    const details = await run.openDetails();
    await details.getByText(/^report, /).waitFor();
  });

  it('starts the practice run by one press, from empty input, and shows that it was cancelled', async () => {
    const form = await StartForm.open(page, links.practice);
    expect(await form.typedInput()).toBe('');
    const workflowId = await form.workflowId.inputValue();
    expect(workflowId).toMatch(/^run\/practice-\d{8}-\d{6}$/);
    await form.pressStart();
    const run = new RunPage(page);
    await run.shows('clusterLease', LEASE_MS);

    const runKey = workflowId.slice('run/'.length);
    const request = FineTuningRequest.parse(JSON.parse(readFileSync(join(stored(runKey), 'request.json'), 'utf8')));
    expect(request).toEqual(FineTuningRequest.parse({}));
    const cancel = box.formwork(['cancel', runKey]);
    await run.says('Canceled', LEASE_MS);
    expect(await cancel.ended, cancel.stderr).toBe(0);
  });

  it('shows what is wrong with an input, and the nearest field to a mistyped one, before anything is made', async () => {
    const nodes = join(box.home, 'nodes');
    const before = existsSync(nodes) ? readdirSync(nodes) : [];
    await (await runPageOf('example')).startLikeThis();
    const form = await StartForm.opened(page);
    expect(await form.copiedInput()).toEqual(example);

    const { epochs, ...training } = example.training;
    await form.workflowId.fill('run/mistyped');
    await form.typeInput({ ...example, training: { ...training, epoch: epochs }, dryRun: false });
    await form.pressStart();
    const run = new RunPage(page);
    await run.says('Failed', AT_ONCE_MS);
    await expectResult(run, 'training.epoch: unknown field; the nearest known one is epochs');
    expect(existsSync(stored('mistyped'))).toBe(false);
    expect(existsSync(nodes) ? readdirSync(nodes) : []).toEqual(before);
  });

  it('makes a schedule in its own form, whose runs have the typed input and a key with the time', async () => {
    const form = await ScheduleForm.open(page, links.schedule);
    const request = { dryRun: true, training: { epochs: 3 } };
    await form.name.fill('from-form');
    await form.workflowType.fill('fineTuningRun');
    await form.workflowId.fill('run/from-form');
    await form.taskQueue.fill('formwork');
    await form.cron.fill('0 2 * * 1-5');
    await form.typeInput(request);
    await form.pressCreate();

    const trigger = box.formwork(['schedule', 'trigger', 'from-form']);
    expect(await trigger.ended, trigger.stderr).toBe(0);
    const runKey = /^run (from-form-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) has begun/.exec(trigger.stdout)?.[1] ?? '';
    const run = await runPageOf(runKey);
    await run.says('Completed', AT_ONCE_MS);
    await expectResult(run, `"runKey": "${runKey}"`);
    const list = box.formwork(['schedule', 'list']);
    expect(await list.ended, list.stderr).toBe(0);
    expect(list.stdout).toMatch(/^from-form: cron 0 2 \* \* 1-5, UTC; next /);
    expect(list.stdout).toMatch(new RegExp(`^  ${runKey} +planned +dry run$`, 'm'));
    const show = box.formwork(['schedule', 'show', 'from-form', '--json']);
    expect(await show.ended, show.stderr).toBe(0);
    expect(JSON.parse(show.stdout)).toMatchObject({ request, overlap: 'skip', pauseOnFailure: false });
  });

  it('ends with formwork down, and nothing is left', async () => {
    const down = box.formwork(['down']);
    expect(await down.ended, down.stderr).toBe(0);
    expect(box.processes()).toEqual([]);
    expect(box.listening()).toEqual([]);
  });
});

/** The page shows a status before it has read the event that holds the result. */
const expectResult = (run: RunPage, text: string): Promise<void> =>
  expect.poll(() => run.result.innerText(), { timeout: AT_ONCE_MS }).toContain(text);
