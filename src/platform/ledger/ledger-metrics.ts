import type { MetricGauge, MetricMeter } from '@temporalio/common';
import { SPENDINGS } from '../../contract/kinds.js';
import type { Ledger } from '../../contract/ledger.js';
import type { Compute } from '../compute/port.js';
import type { LedgerBook } from './port.js';

interface Ports {
  compute: Pick<Compute, 'list'>;
  ledger: LedgerBook;
  installation: string;
}

/** What runs with machines pay, as gauges of the process; of a run that has given its machines back the last word stays. */
export class LedgerMetrics {
  private readonly seconds: MetricGauge;
  private readonly spent: MetricGauge;
  private readonly hourly: MetricGauge;
  private readonly goodput: MetricGauge;
  private readonly lookSeconds: MetricGauge;
  /** Runs that had machines at the last look. */
  private open = new Set<string>();

  constructor(
    private readonly ports: Ports,
    meter: MetricMeter,
  ) {
    this.seconds = meter.createGauge('formwork_node_seconds', 'float', 's', 'node time of a run by what it was paid for');
    this.spent = meter.createGauge('formwork_spent_usd', 'float', 'USD', 'what the nodes of a run have cost');
    this.hourly = meter.createGauge('formwork_hourly_usd', 'float', 'USD', 'what the nodes of a run that go on cost an hour');
    this.goodput = meter.createGauge('formwork_goodput_ratio', 'float', '1', 'node time in training steps that are kept');
    this.lookSeconds = meter.createGauge(
      'formwork_ledger_look_seconds',
      'float',
      's',
      'how long the last look at all ledgers took',
    );
  }

  async look(): Promise<void> {
    const { compute, installation, ledger } = this.ports;
    const began = performance.now();
    const listed = await compute.list({ installation });
    const open = new Set(listed.map(({ tags }) => tags.runKey));
    // One that has given its machines back since the last look has its last word now.
    for (const runKey of new Set([...this.open, ...open])) this.set(await ledger.read(runKey));
    this.open = open;
    this.lookSeconds.set((performance.now() - began) / 1000);
  }

  private set({ runKey, entries, usd, hourlyUsd, goodput }: Ledger): void {
    const run = { run_key: runKey };
    for (const spending of SPENDINGS) {
      const own = entries.filter((entry) => entry.spending === spending);
      const milliseconds = own.reduce((total, entry) => total + entry.milliseconds, 0);
      this.seconds.set(milliseconds / 1000, { ...run, spending });
    }
    this.spent.set(usd, run);
    this.hourly.set(hourlyUsd, run);
    if (goodput !== null) this.goodput.set(goodput, run);
  }
}
