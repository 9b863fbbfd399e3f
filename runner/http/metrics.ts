import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { HttpOptions } from './http-options.ts';
import { statuses } from './read-estate.ts';
import type { WebhookOptions } from './webhooks.ts';

/** What Prometheus reads at `/metrics`. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
}

/**
 * Figures of this process, and of the estate as the database has them: every worker of one database gives the same, so one of them is enough to be
 * asked. They are read when they are asked for; nothing is counted in memory that a restart would lose.
 */
export function createMetrics(options: HttpOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addStacks(registry, options);
  addRuns(registry, options);
  if (options.webhooks) addDeliveries(registry, options.webhooks);
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

/** Metrics are collected at the same time, so each asks for itself. */
function addStacks(registry: Registry, options: HttpOptions): void {
  new Gauge({
    name: 'mainstay_stacks',
    help: 'Stacks by how they stand to the base branch: aligned, behind, failed, new, drifted',
    labelNames: ['repository', 'alignment'],
    registers: [registry],
    async collect() {
      const repositories = await statuses(options);
      this.reset();
      for (const { id, stacks } of repositories)
        for (const { alignment } of stacks) this.inc({ repository: id, alignment });
    },
  });
  new Gauge({
    name: 'mainstay_stacks_drifted',
    help: 'Stacks with a difference that their program would change back',
    labelNames: ['repository'],
    registers: [registry],
    async collect() {
      const found = await options.store.drift.list(undefined);
      for (const { id } of options.repositories) this.set({ repository: id }, 0);
      for (const { repository, state } of found)
        if (state === 'drifted' || state === 'flapping') this.inc({ repository });
    },
  });
}

function addRuns(registry: Registry, { store }: HttpOptions): void {
  new Gauge({
    name: 'mainstay_runs',
    help: 'Runs on record by kind and state; queued, running and waiting are under way',
    labelNames: ['kind', 'state'],
    registers: [registry],
    async collect() {
      const totals = await store.runs.totals();
      this.reset();
      for (const { kind, state, count } of totals) this.set({ kind, state }, count);
    },
  });
  new Counter({
    name: 'mainstay_run_seconds_total',
    help: 'Time that runs took from their start to their end; divided by the runs, what one takes',
    labelNames: ['kind', 'state'],
    registers: [registry],
    async collect() {
      const totals = await store.runs.totals();
      this.reset();
      for (const { kind, state, seconds } of totals) this.inc({ kind, state }, seconds);
    },
  });
}

/** Refusals are the one thing that is counted in memory: storing them would let anybody fill the database. */
function addDeliveries(registry: Registry, { counts }: WebhookOptions): void {
  new Counter({
    name: 'mainstay_webhook_deliveries_total',
    help: 'Deliveries of webhooks since this process started: taken, repeated, ignored, or refused as forged, malformed, too-long, unknown, failed',
    labelNames: ['result'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [result, count] of counts) this.inc({ result }, count);
    },
  });
}
