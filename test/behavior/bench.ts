// What the behavioral model costs. Run: npx tsx test/behavior/bench.ts [clients] [steps]
import { BehaviorConfigSchema, BehaviorModel } from '../../src/behavior/index.js';
import { createTraffic } from './traffic.js';

const clients = Number(process.argv[2] ?? 8);
const steps = Number(process.argv[3] ?? 43_200);
const CHUNK_STEPS = Math.max(1, Math.floor(100_000 / clients));

const model = new BehaviorModel(BehaviorConfigSchema.parse({}));
let windows = 0;
let gridSteps = 0;
let elapsedMs = 0;
for (let from = 0; from < steps; from += CHUNK_STEPS) {
  const traffic = createTraffic(
    clients,
    Math.min(CHUNK_STEPS, steps - from),
    1_772_409_600_000 + from * 10_000,
  );
  const startMs = performance.now();
  model.observe(traffic.windows, traffic.closedSteps);
  gridSteps += model.drainGridSteps().length;
  elapsedMs += performance.now() - startMs;
  windows += traffic.windows.length;
}
const profileStartMs = performance.now();
let profiles = 0;
for (const key of model.clients()) {
  model.profile(key);
  profiles += 1;
}
const profileUs = ((performance.now() - profileStartMs) * 1000) / profiles;
process.stdout.write(
  `${windows} windows of ${clients} clients in ${elapsedMs.toFixed(0)} ms: ${Math.round((windows / elapsedMs) * 1000)} windows/s; ` +
    `${gridSteps} grid steps; a profile ${profileUs.toFixed(0)} us; ${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(0)} MiB heap\n`,
);
