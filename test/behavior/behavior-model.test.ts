import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BehaviorConfigSchema, BehaviorModel, countOf, type GridStep } from '../../src/behavior/index.js';
import { DAY_MS, HOUR_MS, SILENT_LOGGER } from '../../src/core/index.js';
import { BehaviorProfile, type ClientKey, type ClientWindow } from '../../src/domain/index.js';
import { openStore, StoreConfigSchema } from '../../src/store/index.js';
import { closedSteps, KEY, START_MS, STEP_MS, sampleWindow } from '../store/sample.js';
import { createTraffic, TRAFFIC_START_MS, type Traffic } from './traffic.js';

const OTHER = { ...KEY, client: '10.0.0.8' };

function createModel(change: object = {}): BehaviorModel {
  return new BehaviorModel(BehaviorConfigSchema.parse(change));
}

function modelOf(traffic: Traffic, change: object = {}): BehaviorModel {
  const model = createModel(change);
  model.observe(traffic.windows, traffic.closedSteps);
  return model;
}

/** A window with so many requests/s, fully captured. */
function rateWindow(index: number, perSecond: number, change: Partial<ClientWindow> = {}): ClientWindow {
  const requests = perSecond * (STEP_MS / 1000);
  return sampleWindow(index, { requests, requestsCorrected: requests, coverageRatio: 1, ...change });
}

function ratesOf(steps: GridStep[], key: ClientKey): number[] {
  return steps.filter((step) => step.key.client === key.client).map((step) => step.ratePerSecond);
}

describe('demand', () => {
  it('is zero where a client is idle and NaN where nothing was closed or captured well', () => {
    const model = createModel();
    model.observe(
      [rateWindow(0, 12), rateWindow(12, 6, { coverageRatio: 0.1 }), rateWindow(24, 3)],
      [...closedSteps(0, 12), ...closedSteps(12, 13), ...closedSteps(13, 18, 0.1), ...closedSteps(24, 30)],
    );
    const { startMs, stepMs, values } = model.demand(KEY);
    expect({ startMs, stepMs }).toEqual({ startMs: START_MS, stepMs: 60_000 });
    expect([...values]).toEqual([2, 0, Number.NaN, Number.NaN, 0.5]);
  });

  it('counts corrected requests, not seen ones', () => {
    const model = createModel();
    model.observe(
      [sampleWindow(0, { requests: 30, requestsCorrected: 60, coverageRatio: 0.5 })],
      closedSteps(0, 6),
    );
    expect([...model.demand(KEY).values]).toEqual([1]);
  });

  it('begins with the first window, the idle part of its grid step included', () => {
    const model = createModel();
    model.observe([rateWindow(0, 1)], closedSteps(0, 9));
    model.observe([rateWindow(10, 6, OTHER)], closedSteps(9, 18));
    expect([...model.clients()]).toEqual([KEY, OTHER]);
    expect(model.profile(OTHER)!.requestRate.peakPerSecond).toBe(6);
    const series = model.demand(OTHER);
    expect(series.startMs).toBe(START_MS + 60_000);
    expect([...series.values]).toEqual([1, 0]);
    expect(model.profile({ ...KEY, client: 'nobody' })).toBeUndefined();
    expect(model.demand({ ...KEY, client: 'nobody' }).values).toHaveLength(0);
  });

  it('keeps no more than its history, the latest', () => {
    const model = createModel({ historyLength: '5m' });
    for (let minute = 0; minute < 200; minute += 1) {
      model.observe([rateWindow(minute * 6, minute * 6)], closedSteps(minute * 6, minute * 6 + 6));
    }
    const { startMs, values } = model.demand(KEY);
    expect([...values]).toEqual([195, 196, 197, 198, 199]);
    expect(startMs).toBe(START_MS + 195 * 60_000);
  });

  it('shares a bounded room among all clients', () => {
    const model = createModel({ maxHistoryValues: 100 });
    for (let minute = 0; minute < 90; minute += 1) {
      model.observe(
        [rateWindow(minute * 6, 6), rateWindow(minute * 6, 6, OTHER)],
        closedSteps(minute * 6, minute * 6 + 6),
      );
    }
    expect(model.demand(KEY).values.length + model.demand(OTHER).values.length).toBeLessThanOrEqual(100);
    expect(model.demand(KEY).values).toHaveLength(64);
    expect(model.counters().refusedHistoryGrowths).toBeGreaterThan(0);
  });

  it('is what the store makes of the same windows', async () => {
    const traffic = createTraffic(2, 600);
    const model = modelOf(traffic);
    const store = await openStore(StoreConfigSchema.parse({ path: ':memory:' }), SILENT_LOGGER);
    await store.appendWindows(traffic.windows, traffic.closedSteps);
    for (const key of model.clients()) {
      const series = model.demand(key);
      expect(
        await store.readDemand(key, {
          fromMs: series.startMs,
          toMs: series.startMs + series.values.length * series.stepMs,
          gridStepMs: series.stepMs,
          minCoverageRatio: 0.5,
        }),
      ).toEqual(series);
    }
    await store.close();
  });
});

describe('drained grid steps', () => {
  it('come once, in order, for all clients, idle ones included', () => {
    const model = createModel();
    model.observe([rateWindow(0, 6), rateWindow(2, 12, OTHER)], closedSteps(0, 5));
    expect(model.drainGridSteps()).toEqual([]);
    model.observe([], closedSteps(5, 13));
    expect(model.drainGridSteps()).toEqual([
      { key: KEY, startMs: START_MS, ratePerSecond: 1 },
      { key: OTHER, startMs: START_MS, ratePerSecond: 2 },
      { key: KEY, startMs: START_MS + 60_000, ratePerSecond: 0 },
      { key: OTHER, startMs: START_MS + 60_000, ratePerSecond: 0 },
    ]);
    expect(model.drainGridSteps()).toEqual([]);
  });

  it('are the demand series, piece by piece', () => {
    const traffic = createTraffic(3, 500);
    const model = createModel();
    const drained: GridStep[] = [];
    for (const [from, to] of [
      [0, 100],
      [100, 101],
      [101, 350],
      [350, 500],
    ] as const) {
      const isIn = ({ startMs }: { startMs: number }) =>
        startMs >= TRAFFIC_START_MS + from * STEP_MS && startMs < TRAFFIC_START_MS + to * STEP_MS;
      model.observe(traffic.windows.filter(isIn), traffic.closedSteps.filter(isIn));
      drained.push(...model.drainGridSteps());
    }
    for (const key of model.clients()) expect(ratesOf(drained, key)).toEqual([...model.demand(key).values]);
    expect(drained.map((step) => step.startMs)).toEqual(
      drained.map((step) => step.startMs).toSorted((a, b) => a - b),
    );
  });

  it('are missing through a gap, for no longer than the history', () => {
    const model = createModel({ historyLength: '10m' });
    model.observe([rateWindow(0, 6)], closedSteps(0, 6));
    model.drainGridSteps();
    model.observe([], closedSteps(24, 30));
    expect(ratesOf(model.drainGridSteps(), KEY)).toEqual([Number.NaN, Number.NaN, Number.NaN, 0]);
    const yearLater = (365 * DAY_MS) / STEP_MS;
    model.observe([], closedSteps(yearLater, yearLater + 6));
    // The step that was open, a history's length of missing ones, and the new one.
    expect(model.drainGridSteps()).toHaveLength(1 + 10 + 1);
    expect(model.demand(KEY).values.filter(Number.isNaN)).toHaveLength(9);
    expect(model.demand(KEY).startMs).toBe(START_MS + 365 * DAY_MS - 9 * 60_000);
  });

  it('are bounded while nobody takes them, and say so', () => {
    const model = createModel({ maxUndrainedSteps: 10 });
    model.observe([rateWindow(0, 6)], closedSteps(0, 6 * 40));
    const drained = model.drainGridSteps();
    expect(drained.length).toBeLessThanOrEqual(10);
    expect(drained.at(-1)!.startMs).toBe(START_MS + 39 * 60_000);
    expect(model.counters().droppedGridSteps).toBe(40 - drained.length);
  });
});

describe('order and repeats', () => {
  it('gives the same model for any order of windows in a batch and any cut into batches', () => {
    const traffic = createTraffic(4, 120);
    const wanted = snapshot(modelOf(traffic));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(traffic.windows, { minLength: traffic.windows.length }),
        fc.array(fc.integer({ min: 1, max: 119 }), { maxLength: 5 }),
        (windows, cuts) => {
          const model = createModel();
          const bounds = [0, ...cuts.toSorted((a, b) => a - b), 120];
          for (let i = 1; i < bounds.length; i += 1) {
            const isIn = ({ startMs }: { startMs: number }) =>
              startMs >= TRAFFIC_START_MS + bounds[i - 1]! * STEP_MS &&
              startMs < TRAFFIC_START_MS + bounds[i]! * STEP_MS;
            model.observe(windows.filter(isIn), traffic.closedSteps.filter(isIn));
          }
          expect(snapshot(model)).toEqual(wanted);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('waits for the step to be closed, also when windows come batches ahead', () => {
    const model = createModel();
    model.observe([rateWindow(7, 6), rateWindow(0, 12)], []);
    expect([...model.clients()]).toEqual([]);
    model.observe([], closedSteps(0, 12));
    expect([...model.demand(KEY).values]).toEqual([2, 1]);
  });

  it('takes nothing twice, and counts what comes late', () => {
    const traffic = createTraffic(2, 60);
    const model = modelOf(traffic);
    const before = snapshot(model);
    model.observe(traffic.windows, traffic.closedSteps);
    expect(snapshot(model)).toEqual(before);
    expect(model.counters()).toMatchObject({
      lateWindows: traffic.windows.length,
      lateSteps: traffic.closedSteps.length,
      modelledWindows: traffic.windows.length,
    });
  });

  it('counts windows whose step is never closed, and windows beyond the bound', () => {
    const model = createModel({ maxWaitingWindows: 2 });
    model.observe([rateWindow(0, 1), rateWindow(1, 1), rateWindow(2, 1)], closedSteps(1, 3));
    expect(model.counters()).toMatchObject({ unclosedWindows: 1, overflowedWindows: 1, modelledWindows: 1 });
  });

  it('is the same again from the store', async () => {
    const traffic = createTraffic(5, 900);
    const store = await openStore(StoreConfigSchema.parse({ path: ':memory:' }), SILENT_LOGGER);
    await store.appendWindows(traffic.windows.toReversed(), traffic.closedSteps);
    const rebuilt = createModel();
    const range = { fromMs: TRAFFIC_START_MS, toMs: TRAFFIC_START_MS + DAY_MS };
    let steps = await store.readClosedSteps(range);
    for await (const windows of store.readWindows(range)) {
      const lastStartMs = windows.at(-1)!.startMs;
      rebuilt.observe(
        windows,
        steps.filter((step) => step.startMs < lastStartMs),
      );
      steps = steps.filter((step) => step.startMs >= lastStartMs);
    }
    rebuilt.observe([], steps);
    expect(snapshot(rebuilt)).toEqual(snapshot(modelOf(traffic)));
    await store.close();
  });
});

describe('profile', () => {
  it('is a valid profile whose shares and probabilities add up', () => {
    const traffic = createTraffic(3, 2_000);
    const model = modelOf(traffic);
    for (const key of model.clients()) {
      const profile = model.profile(key)!;
      expect(BehaviorProfile.parse(profile)).toEqual(profile);
      expect(sum(profile.routeMix.map((route) => route.shareRatio))).toBeCloseTo(1, 9);
      const origins = new Set(profile.transitions.map((transition) => transition.from));
      for (const from of origins) {
        const of = profile.transitions.filter((transition) => transition.from === from);
        expect(sum(of.map((transition) => transition.probability))).toBeCloseTo(1, 9);
      }
      const own = traffic.windows.filter((window) => window.client === key.client);
      expect(profile.serverErrorRatio).toBeCloseTo(
        sum(own.map((window) => window.statuses.serverError)) / sum(own.map((window) => window.requests)),
        3,
      );
      expect(countOf(profile.latencyUs) / (own.length * 10)).toBeCloseTo(1, 1);
    }
  });

  it('knows mean, quantiles and peak of the rate over idle and busy steps alike', () => {
    const model = createModel();
    const windows = [rateWindow(1, 10), ...Array.from({ length: 60 }, (_, i) => rateWindow(20 + i, 4))];
    windows[31] = rateWindow(50, 80);
    model.observe([rateWindow(0, 10), ...windows], closedSteps(0, 100));
    const { requestRate, observedSteps, firstSeenMs, lastSeenMs, updatedMs } = model.profile(KEY)!;
    expect(requestRate.meanPerSecond).toBeCloseTo((10 + 10 + 59 * 4 + 80) / 100, 3);
    expect(requestRate.p50PerSecond).toBeGreaterThan(3.6);
    expect(requestRate.p50PerSecond).toBeLessThan(4.4);
    expect(requestRate.p95PerSecond).toBeLessThan(10.1);
    expect(requestRate).toMatchObject({ peakPerSecond: 80, peakAtMs: START_MS + 50 * STEP_MS });
    expect({ observedSteps, firstSeenMs, lastSeenMs, updatedMs }).toEqual({
      observedSteps: 100,
      firstSeenMs: START_MS,
      lastSeenMs: START_MS + 80 * STEP_MS,
      updatedMs: START_MS + 100 * STEP_MS,
    });
  });

  it('has the hours of the week in UTC, Monday first, null where nothing was observed', () => {
    const hourSteps = HOUR_MS / STEP_MS;
    const tuesdayNoon = 36;
    const model = createModel();
    model.observe([rateWindow(0, 36)], closedSteps(0, hourSteps));
    model.observe(
      [rateWindow(tuesdayNoon * hourSteps, 72)],
      closedSteps(tuesdayNoon * hourSteps, (tuesdayNoon + 1) * hourSteps),
    );
    const { hourOfWeek } = model.profile(KEY)!;
    expect(hourOfWeek[0]).toBeCloseTo(0.1, 3);
    expect(hourOfWeek[tuesdayNoon]).toBeCloseTo(0.2, 3);
    expect(hourOfWeek.filter((rate) => rate !== null)).toHaveLength(2);
  });

  it('follows a change of routes, sizes and peak with the half-life', () => {
    const model = createModel({ halfLife: '1h' });
    const routed = (index: number, route: string, perSecond: number) =>
      rateWindow(index, perSecond, {
        routes: [{ route, requests: 10, clientErrors: 0, serverErrors: 5 }],
        latencyUs: { zeroCount: 0, offset: 40, counts: [100] },
      });
    const hourSteps = HOUR_MS / STEP_MS;
    model.observe([routed(0, 'GET /old', 90)], closedSteps(0, 1));
    model.observe([routed(3 * hourSteps, 'GET /new', 20)], closedSteps(1, 3 * hourSteps + 1));
    const profile = model.profile(KEY)!;
    expect(profile.routeMix.map((route) => route.route)).toEqual(['GET /new', 'GET /old']);
    expect(profile.routeMix[1]!.shareRatio).toBeCloseTo(1 / 9, 6);
    expect(profile.routeMix[0]!.errorRatio).toBe(0.5);
    expect(countOf(profile.latencyUs)).toBeLessThan(114);
    expect(countOf(profile.latencyUs)).toBeGreaterThan(110);
    expect(profile.requestRate).toMatchObject({ peakPerSecond: 20, peakAtMs: START_MS + 3 * HOUR_MS });
    expect(profile.observedSteps).toBe(3 * hourSteps + 1);
  });

  it('stays in the range of numbers over more half-lives than a double has exponents', () => {
    const model = createModel({ halfLife: '10s' });
    const windows = Array.from({ length: 3_000 }, (_, index) => rateWindow(index, 5));
    model.observe(windows, closedSteps(0, 3_000));
    const profile = model.profile(KEY)!;
    expect(profile.requestRate.meanPerSecond).toBeCloseTo(5, 9);
    expect(BehaviorProfile.safeParse(profile).success).toBe(true);
  });
});

describe('bounds', () => {
  it('forgets the idlest client for a new one', () => {
    const model = createModel({ maxClients: 2 });
    const named = (index: number, client: string) => rateWindow(index, 1, { client });
    model.observe([named(0, 'a'), named(1, 'b'), named(2, 'a'), named(3, 'c')], closedSteps(0, 4));
    expect([...model.clients()].map((key) => key.client)).toEqual(['a', 'c']);
    expect(model.counters()).toMatchObject({ clients: 2, evictedClients: 1 });
  });

  it('folds the rarest routes and pairs into other without losing their share', () => {
    const model = createModel({ maxRoutes: 4, maxTransitions: 4 });
    const windows = Array.from({ length: 50 }, (_, index) =>
      rateWindow(index, 1, {
        routes: [
          { route: 'GET /often', requests: 9, clientErrors: 0, serverErrors: 0 },
          { route: `GET /rare${index}`, requests: 1, clientErrors: 0, serverErrors: 0 },
        ],
        transitions: [
          { from: 'GET /often', to: 'GET /often', count: 9 },
          { from: 'GET /often', to: `GET /rare${index}`, count: 1 },
        ],
      }),
    );
    model.observe(windows, closedSteps(0, 50));
    const { routeMix, transitions } = model.profile(KEY)!;
    expect(routeMix).toHaveLength(4);
    expect(routeMix[0]).toMatchObject({ route: 'GET /often', shareRatio: expect.closeTo(0.9, 3) });
    expect(routeMix[1]).toMatchObject({ route: 'other', shareRatio: expect.closeTo(0.096, 3) });
    expect(transitions).toHaveLength(4);
    expect(transitions).toContainEqual({ from: 'other', to: 'other', probability: 1 });
    expect(model.counters()).toMatchObject({ foldedRoutes: 48, foldedTransitions: 48 });
  });
});

it('refuses a grid that does not fit the steps, and unknown keys', () => {
  const model = createModel({ gridStep: '15s' });
  expect(() => model.observe([], closedSteps(0, 1))).toThrow(/grid of 15000 ms/);
  expect(BehaviorConfigSchema.safeParse({ gridSteps: '1m' }).success).toBe(false);
});

/** All that a model tells of each client, in order of keys. */
function snapshot(model: BehaviorModel) {
  return [...model.clients()]
    .toSorted((a, b) => (a.client < b.client ? -1 : 1))
    .map((key) => ({ profile: model.profile(key), demand: model.demand(key) }));
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
