import { noopMetricMeter, type MetricMeter, type MetricTags } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { Ledger } from '../../../../src/contract/ledger.js';
import type { ProviderNode } from '../../../../src/contract/cluster.js';
import { runLedger } from '../../../../src/domain/ledger/run-ledger.js';
import { LedgerMetrics } from '../../../../src/platform/ledger/ledger-metrics.js';
import { at, LAUNCH, nodeRecord, records } from '../../../fixtures/ledger-records.js';

/** Keeps the last value of each gauge, by name and tags. */
class Gauges {
  readonly values = new Map<string, number>();
  readonly meter: MetricMeter = Object.assign(Object.create(noopMetricMeter) as MetricMeter, {
    createGauge: (name: string) => ({
      set: (value: number, tags: MetricTags = {}) => this.values.set(`${name} ${Object.values(tags).join(' ')}`, value),
    }),
  });
}

test('runs with machines are measured at each look, and once more when they have given them back', async () => {
  const gauges = new Gauges();
  let now = new Date(LAUNCH + 100_000);
  let nodes: ProviderNode[] = [{ ...nodeRecord().launched, state: 'running', endedAt: null }];
  const asked: string[] = [];
  const read = (runKey: string): Promise<Ledger> => {
    asked.push(runKey);
    const [provided = null] = nodes;
    const ended = provided === null ? { endedAt: at(150) } : null;
    return Promise.resolve(runLedger(records({ runKey, nodes: [nodeRecord({ provided, ended })] }), now));
  };
  const compute = { list: () => Promise.resolve(nodes) };
  const metrics = new LedgerMetrics({ compute, ledger: { read }, installation: 'i' }, gauges.meter);
  await metrics.look();
  expect(Object.fromEntries(gauges.values)).toMatchObject({
    'formwork_node_seconds k provision': 10,
    'formwork_node_seconds k idle': 80,
    'formwork_node_seconds k train': 0,
    'formwork_spent_usd k': 0.1,
    'formwork_hourly_usd k': 3.6,
    'formwork_goodput_ratio k': 0,
  });

  now = new Date(LAUNCH + 300_000);
  nodes = [];
  await metrics.look();
  await metrics.look();
  expect(asked).toEqual(['k', 'k']);
  expect(gauges.values.get('formwork_ledger_look_seconds ')).toBeGreaterThan(0);
  expect(gauges.values.get('formwork_hourly_usd k')).toBe(0);
  expect(gauges.values.get('formwork_spent_usd k')).toBe(0.15);
});
