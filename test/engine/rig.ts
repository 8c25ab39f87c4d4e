// The engine with everything real around it: DuckDB in memory, the local bus, the dry-run driver, generated windows.
import { BehaviorModel } from '../../src/behavior/index.js';
import { loadConfig, parseConfig } from '../../src/config/index.js';
import { MINUTE_MS, NO_METRICS, SECOND_MS, SILENT_LOGGER } from '../../src/core/index.js';
import { type ClientWindow, type ClosedStep, EMPTY_HISTOGRAM } from '../../src/domain/index.js';
import { ScalingEngine } from '../../src/engine/index.js';
import { createBus, EVENT_PATTERN, type ForetapEvent } from '../../src/event/index.js';
import { createResourceDriver, Provisioner, type ResourceDriver } from '../../src/provision/index.js';
import { openStore, type Store } from '../../src/store/index.js';

export const KEY = { application: 'shop', client: '10.0.0.7' };
export const OTHER_KEY = { application: 'shop', client: '10.0.0.8' };
/** Monday 2026-03-02T08:00:00Z. */
export const START_MS = Date.UTC(2026, 2, 2, 8);
const WINDOW_MS = 10 * SECOND_MS;

/** One resource serves 20/s, and is to be used up to 16 of them. */
const CONFIG = 'decision:\n  capacityPerSecond: 20\nstore:\n  path: ":memory:"\n';

/** 8/s, from minute 60 on 0.5/s more each minute, at minute 100 28/s; from minute 130 on back at 8/s. A ripple over all. */
export function rateAt(minute: number): number {
  const ripple = ((minute * 7) % 5) / 10;
  if (minute < 60 || minute >= 130) return 8 + ripple;
  return 8 + ripple + Math.min(20, (minute - 60) * 0.5);
}

/** The windows of one minute: the client with the demand above, and one that always makes 3/s. */
export function minuteOf(minute: number): { windows: ClientWindow[]; closedSteps: ClosedStep[] } {
  const starts = Array.from({ length: 6 }, (_, index) => START_MS + minute * MINUTE_MS + index * WINDOW_MS);
  return {
    windows: starts.flatMap((startMs) => [
      windowAt(KEY, startMs, rateAt(minute)),
      windowAt(OTHER_KEY, startMs, 3),
    ]),
    closedSteps: starts.map((startMs) => ({ startMs, stepMs: WINDOW_MS, coverageRatio: 1 })),
  };
}

function windowAt(key: typeof KEY, startMs: number, perSecond: number): ClientWindow {
  const requests = Math.round((perSecond * WINDOW_MS) / SECOND_MS);
  return {
    ...key,
    startMs,
    stepMs: WINDOW_MS,
    requests,
    requestsCorrected: requests,
    coverageRatio: 1,
    statuses: { informational: 0, success: requests, redirection: 0, clientError: 0, serverError: 0 },
    unansweredRequests: 0,
    orphanAnswers: 0,
    newConnections: 1,
    requestBytes: requests * 300,
    responseBytes: requests * 4_000,
    latencyUs: EMPTY_HISTOGRAM,
    requestSizeBytes: EMPTY_HISTOGRAM,
    responseSizeBytes: EMPTY_HISTOGRAM,
    routes: [{ route: 'GET /', requests, clientErrors: 0, serverErrors: 0 }],
    transitions: [],
  };
}

export function openMemoryStore(): Promise<Store> {
  return openStore(parseConfig(CONFIG, 'rig').store, SILENT_LOGGER);
}

/** What outlives an engine: the resources of the platform. */
export function createPlatform(): ResourceDriver {
  return createResourceDriver(loadConfig(null).provision);
}

/** A process: everything but its store and its platform is new. */
export async function startEngine(store: Store, platform: ResourceDriver = createPlatform()) {
  const config = parseConfig(CONFIG, 'rig');
  const context = { logger: SILENT_LOGGER, metrics: NO_METRICS };
  const bus = createBus(config.event, context);
  const behavior = new BehaviorModel(config.behavior);
  const provisioner = new Provisioner({
    ...context,
    bus,
    driver: platform,
    maxSeenCommands: config.provision.maxSeenCommands,
    source: '/foretap/provision',
  });
  const engine = new ScalingEngine({
    ...context,
    store,
    bus,
    behavior,
    engine: config.engine,
    forecast: {
      ...config.forecast,
      stepMs: config.behavior.gridStep,
      leadMs: config.leadTime.priorMs.on_demand,
    },
    decision: config.decision,
    leadTime: config.leadTime,
    shadow: config.shadow,
    retentionMs: null,
    driver: config.provision.driver,
    onTime: (nowMs) => provisioner.advanceTo(nowMs),
  });
  const events: ForetapEvent[] = [];
  await provisioner.start();
  await engine.start();
  await bus.subscribe(EVENT_PATTERN, 'test', (event) => {
    events.push(event);
  });
  return {
    engine,
    behavior,
    events,
    /** Lets the minutes pass, from the first to before the last. */
    async pass(fromMinute: number, toMinute: number) {
      for (let minute = fromMinute; minute < toMinute; minute++) {
        const { windows, closedSteps } = minuteOf(minute);
        await engine.observe(windows, closedSteps);
      }
    },
    async stop() {
      await engine.stop();
      await provisioner.stop();
      await bus.close();
    },
  };
}
