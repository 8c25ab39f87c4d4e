// Append and read rates of the store, and what appending costs the event loop. Run: npx tsx test/store/bench.ts [windows] [path]
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOGGER } from '../../src/core/index.js';
import type { ClientWindow } from '../../src/domain/index.js';
import { openStore, StoreConfigSchema } from '../../src/store/index.js';
import { closedSteps, KEY, START_MS, STEP_MS, sampleWindow } from './sample.js';

const CLIENTS = 8;
const STEPS_PER_BATCH = 6;
const windowCount = Number(process.argv[2] ?? 100_000);
const path = process.argv[3] ?? join(tmpdir(), `foretap-bench-${process.pid}.duckdb`);

const steps = Math.ceil(windowCount / CLIENTS);
const routes = Array.from({ length: 6 }, (_, index) => ({
  route: `GET /api/v1/resource${index}/{id}/items`,
  requests: 30 - index,
  clientErrors: 1,
  serverErrors: 0,
}));
const transitions = Array.from({ length: 10 }, (_, index) => ({
  from: routes[index % 6]!.route,
  to: routes[(index * 5 + 1) % 6]!.route,
  count: 7,
}));

function windowsOf(step: number): ClientWindow[] {
  return Array.from({ length: CLIENTS }, (_, client) => {
    const histogram = {
      zeroCount: 0,
      offset: 70 + ((step + client) % 9),
      counts: Array.from({ length: 14 }, (_, bucket) => (step * 7 + client * 3 + bucket * bucket) % 50),
    };
    return {
      ...sampleWindow(step),
      client: `10.0.0.${client}`,
      latencyUs: histogram,
      requestSizeBytes: histogram,
      responseSizeBytes: histogram,
      routes,
      transitions,
    };
  });
}

async function measure(what: string, count: number, work: () => Promise<void>): Promise<void> {
  const loop = performance.eventLoopUtilization();
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await work();
  const elapsedMs = performance.now() - startMs;
  const activeMs = performance.eventLoopUtilization(loop).active;
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = Math.round((count / elapsedMs) * 1000);
  process.stdout.write(
    `${what}: ${perSecond} rows/s, ${elapsedMs.toFixed(0)} ms, event loop ${((activeMs * 1000) / count).toFixed(1)} us, all threads' CPU ${((user + system) / count).toFixed(1)} us a row\n`,
  );
}

const store = await openStore(StoreConfigSchema.parse({ path }), SILENT_LOGGER);
const batches: ClientWindow[][] = [];
for (let step = 0; step < steps; step += STEPS_PER_BATCH) {
  const batch: ClientWindow[] = [];
  for (let inner = step; inner < Math.min(steps, step + STEPS_PER_BATCH); inner += 1) {
    batch.push(...windowsOf(inner));
  }
  batches.push(batch);
}
const rows = steps * CLIENTS;
await measure('append, to the flush', rows, async () => {
  for (const [index, batch] of batches.entries()) {
    const from = index * STEPS_PER_BATCH;
    await store.appendWindows(batch, closedSteps(from, Math.min(steps, from + STEPS_PER_BATCH)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await store.flush();
});
await measure('append again (all repeats)', rows, async () => {
  for (const batch of batches) await store.appendWindows(batch, []);
  await store.flush();
});
const range = { fromMs: START_MS, toMs: START_MS + steps * STEP_MS };
await measure('read windows of one client', steps, async () => {
  let seen = 0;
  for await (const batch of store.readWindows({ ...range, key: { ...KEY, client: '10.0.0.1' } })) {
    seen += batch.length;
  }
  if (seen !== steps) throw new Error(`read ${seen} windows of ${steps}`);
});
await measure('read demand of one client', steps, async () => {
  await store.readDemand(
    { ...KEY, client: '10.0.0.1' },
    { ...range, gridStepMs: 60_000, minCoverageRatio: 0.5 },
  );
});
await measure('list clients', rows, async () => {
  await store.listClients();
});
await store.close();
if (process.argv[3] === undefined) {
  await rm(path);
  await rm(`${path}.wal`, { force: true });
}
