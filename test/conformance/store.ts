import { afterEach, describe, expect, it } from 'vitest';
import type { ClientWindow } from '../../src/domain/index.js';
import {
  PRUNE_GRANULARITY_MS,
  type Store,
  StoreClosedError,
  type WindowQuery,
} from '../../src/store/index.js';
import {
  closedSteps,
  KEY,
  START_MS,
  STEP_MS,
  sampleCommand,
  sampleDecision,
  sampleForecast,
  sampleNotice,
  sampleOutcome,
  sampleShadow,
  sampleWindow,
} from '../store/sample.js';

/** A place that outlives the store opened in it: `open` again finds what an earlier store of the same place was given. */
export interface StorePlace {
  open(): Promise<Store>;
  /** Removes the place and all in it; its stores are closed by then. */
  remove(): Promise<void>;
}

const ALWAYS = { fromMs: 0, toMs: START_MS * 2 };

/** What every driver of the store's ports must do. `createPlace` makes a new, empty place for each test. */
export function describeStoreConformance(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`store conformance: ${name}`, () => {
    let place: StorePlace | undefined;
    const stores: Store[] = [];

    async function openStore(): Promise<Store> {
      place ??= await createPlace();
      const store = await place.open();
      stores.push(store);
      return store;
    }

    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
      await place?.remove();
      place = undefined;
    });

    describe('windows', () => {
      it('returns windows and closed steps as they were appended', async () => {
        const store = await openStore();
        const windows = [sampleWindow(0), sampleWindow(1, { routes: [], transitions: [] })];
        await store.appendWindows(windows, closedSteps(0, 2, 0.9));
        expect(await readAll(store, ALWAYS)).toEqual(windows);
        expect(await store.readClosedSteps(ALWAYS)).toEqual(closedSteps(0, 2, 0.9));
      });

      it('keeps one row for each (application, client, start, step), however often it is appended', async () => {
        const store = await openStore();
        const windows = [sampleWindow(0), sampleWindow(1)];
        await store.appendWindows([...windows, sampleWindow(0)], closedSteps(0, 2));
        await store.flush();
        await store.appendWindows(windows, closedSteps(0, 3));
        await store.appendWindows(windows, []);
        await store.appendWindows([sampleWindow(0, { stepMs: 60_000 })], []);
        expect(await readAll(store, ALWAYS)).toHaveLength(3);
        expect(await store.readClosedSteps(ALWAYS)).toHaveLength(3);
        expect((await store.listClients())[0]!.requests).toBe(30 + 31 + 30);
      });

      it('orders by start, application and client whatever the order of appending', async () => {
        const store = await openStore();
        const other = { application: 'api', client: 'z' };
        await store.appendWindows([sampleWindow(2), sampleWindow(0)], []);
        await store.flush();
        await store.appendWindows([sampleWindow(1), sampleWindow(2, other), sampleWindow(0, other)], []);
        const order = (await readAll(store, ALWAYS)).map((w) => [
          (w.startMs - START_MS) / STEP_MS,
          w.application,
        ]);
        expect(order).toEqual([
          [0, 'api'],
          [0, 'shop'],
          [1, 'shop'],
          [2, 'api'],
          [2, 'shop'],
        ]);
      });

      it('includes the start of a range and excludes its end', async () => {
        const store = await openStore();
        await store.appendWindows(
          [0, 1, 2, 3].map((index) => sampleWindow(index)),
          closedSteps(0, 4),
        );
        const range = { fromMs: START_MS + STEP_MS, toMs: START_MS + 3 * STEP_MS };
        expect((await readAll(store, { ...range, key: KEY })).map((w) => w.requests)).toEqual([31, 32]);
        expect(await store.readClosedSteps(range)).toEqual(closedSteps(1, 3));
        expect(await readAll(store, { ...range, key: { ...KEY, client: 'nobody' } })).toEqual([]);
        expect(await readAll(store, { fromMs: 5, toMs: 5 })).toEqual([]);
      });

      it('returns long ranges in batches, and lets go of a read that is given up', async () => {
        const store = await openStore();
        const windows = Array.from({ length: 5_000 }, (_, index) => sampleWindow(index));
        await store.appendWindows(windows, []);
        let batches = 0;
        for await (const batch of store.readWindows(ALWAYS)) {
          batches += 1;
          expect(batch.length).toBeLessThan(5_000);
          break;
        }
        expect(batches).toBe(1);
        expect(await readAll(store, ALWAYS)).toEqual(windows);
      });

      it('keeps any Unicode id apart and exact', async () => {
        const store = await openStore();
        const clients = ['Ünïcode-客户端', 'emoji 🛒', 'quote \' " \\ $1', 'é', 'e\u0301', 'line\nbreak'];
        await store.appendWindows(
          clients.map((client) => sampleWindow(0, { client })),
          [],
        );
        const listed = (await store.listClients()).map((summary) => summary.client);
        expect(new Set(listed)).toEqual(new Set(clients));
        for (const client of clients) {
          const windows = await readAll(store, { ...ALWAYS, key: { ...KEY, client } });
          expect(windows).toEqual([sampleWindow(0, { client })]);
        }
      });

      it('keeps counts beyond 32 bits, up to the largest safe integer', async () => {
        const store = await openStore();
        const window = sampleWindow(0, {
          requests: 2 ** 32 + 1,
          responseBytes: Number.MAX_SAFE_INTEGER,
          latencyUs: { zeroCount: Number.MAX_SAFE_INTEGER, offset: -200, counts: [2 ** 40 + 1] },
        });
        await store.appendWindows([window], []);
        expect(await readAll(store, ALWAYS)).toEqual([window]);
        expect((await store.listClients())[0]).toMatchObject({
          requests: 2 ** 32 + 1,
          responseBytes: Number.MAX_SAFE_INTEGER,
        });
      });

      it('lists clients with first and last seen and totals', async () => {
        const store = await openStore();
        await store.appendWindows(
          [sampleWindow(4), sampleWindow(1), sampleWindow(2, { client: '10.0.0.8' })],
          [],
        );
        const [first, second] = await store.listClients();
        expect(first).toEqual({
          ...KEY,
          firstSeenMs: START_MS + STEP_MS,
          lastSeenMs: START_MS + 5 * STEP_MS,
          windows: 2,
          requests: 34 + 31,
          requestsCorrected: expect.closeTo(65 / 0.9, 9),
          requestBytes: 2 * 12_345,
          responseBytes: 2 * 987_654,
        });
        expect(second).toMatchObject({ client: '10.0.0.8', windows: 1 });
      });
    });

    describe('demand', () => {
      const grid = { gridStepMs: 60_000, minCoverageRatio: 0.8 };
      const range = (minutes: number) => ({ fromMs: START_MS, toMs: START_MS + minutes * 60_000 });

      it('is zero in closed steps without a window and NaN where nothing was closed', async () => {
        const store = await openStore();
        await store.appendWindows(
          [sampleWindow(0, { requestsCorrected: 120 }), sampleWindow(13, { requestsCorrected: 60 })],
          [...closedSteps(0, 6), ...closedSteps(12, 24)],
        );
        const series = await store.readDemand(KEY, { ...grid, ...range(5) });
        expect(series.startMs).toBe(START_MS);
        expect(series.stepMs).toBe(60_000);
        expect([...series.values]).toEqual([2, Number.NaN, 1, 0, Number.NaN]);
      });

      it('takes what was captured badly for missing, not for low', async () => {
        const store = await openStore();
        await store.appendWindows(
          [
            sampleWindow(0, { requestsCorrected: 1, coverageRatio: 0.1 }),
            sampleWindow(1, { requestsCorrected: 50 }),
          ],
          [...closedSteps(0, 6), ...closedSteps(6, 12, 0.2)],
        );
        const series = await store.readDemand(KEY, { ...grid, ...range(2) });
        expect([...series.values]).toEqual([1, Number.NaN]);
      });

      it('covers whole grid steps of a range that cuts them', async () => {
        const store = await openStore();
        await store.appendWindows([sampleWindow(0, { requestsCorrected: 60 })], closedSteps(0, 12));
        const series = await store.readDemand(KEY, {
          ...grid,
          fromMs: START_MS + 15_000,
          toMs: START_MS + 61_000,
        });
        expect(series.startMs).toBe(START_MS);
        expect([...series.values]).toEqual([1, 0]);
      });
    });

    describe('forecasts', () => {
      it('finds them by id, the latest of a client, and a range in order', async () => {
        const store = await openStore();
        const [old, mid, late] = [1, 2, 3].map((n) => sampleForecast(`fc-${n}`, START_MS + n));
        const other = sampleForecast('fc-4', START_MS + 9, { client: 'other' });
        await store.appendForecasts([late!, old!, other]);
        await store.flush();
        await store.appendForecasts([mid!, old!]);
        expect(await store.forecastById('fc-1')).toEqual(old);
        expect(await store.forecastById('nothing')).toBeUndefined();
        expect(await store.latestForecast(KEY)).toEqual(late);
        expect(await store.latestForecast({ ...KEY, client: 'nobody' })).toBeUndefined();
        expect(await store.readForecasts(KEY, ALWAYS)).toEqual([old, mid, late]);
        expect(await store.readForecasts(KEY, { fromMs: START_MS + 2, toMs: START_MS + 3 })).toEqual([mid]);
      });
    });

    describe('ledger', () => {
      it('lists decisions by client, time and action, each once', async () => {
        const store = await openStore();
        const out = sampleDecision('dec-1', START_MS);
        const hold = sampleDecision('dec-2', START_MS + 1, { action: 'hold', predictedPerSecond: null });
        const other = sampleDecision('dec-3', START_MS + 2, { client: 'other', forecastId: 'fc-1' });
        await store.appendDecisions([other, out]);
        await store.flush();
        await store.appendDecisions([out, hold]);
        expect(await store.decisionById('dec-2')).toEqual(hold);
        expect(await store.decisionById('nothing')).toBeUndefined();
        expect(await store.listDecisions({})).toEqual([out, hold, other]);
        expect(await store.listDecisions({ key: KEY })).toEqual([out, hold]);
        expect(await store.listDecisions({ action: 'hold' })).toEqual([hold]);
        expect(await store.listDecisions({ range: { fromMs: START_MS + 1, toMs: START_MS + 2 } })).toEqual([
          hold,
        ]);
        expect(await store.listDecisions({ limit: 2 })).toEqual([hold, other]);
      });

      it('keeps the latest state of a shadow', async () => {
        const store = await openStore();
        const failed = sampleShadow('sha-2', { state: 'failed', failureReason: 'no quota' });
        await store.saveShadows([sampleShadow('sha-1'), failed]);
        await store.flush();
        const ready = sampleShadow('sha-1', {
          state: 'ready',
          history: [
            { state: 'planned', atMs: START_MS },
            { state: 'ready', atMs: START_MS + 5 },
          ],
          fencingToken: 2,
          pendingCommandId: 'cmd-1',
          step: {
            verb: 'shift',
            attempt: 2,
            issuedAtMs: START_MS,
            deadlineMs: START_MS + 9,
            retryAtMs: null,
          },
          throttledUntilMs: START_MS + 7,
        });
        await store.saveShadows([sampleShadow('sha-1', { state: 'syncing' }), ready]);
        expect(await store.listShadows({})).toEqual([ready, failed]);
        expect(await store.listShadows({ states: ['ready', 'active'] })).toEqual([ready]);
        expect(await store.listShadows({ states: [] })).toEqual([]);
        expect(await store.listShadows({ key: { ...KEY, client: 'nobody' } })).toEqual([]);
      });

      it('tells what became of a decision', async () => {
        const store = await openStore();
        const first = sampleCommand('cmd-1');
        const second = sampleCommand('cmd-2', { verb: 'shift', issuedAtMs: START_MS + 5_000 });
        await store.appendCommands([second, first, sampleCommand('cmd-3', { decisionId: 'dec-9' })]);
        const accepted = sampleOutcome('cmd-1');
        const ready = sampleOutcome('cmd-1', { kind: 'ready', atMs: START_MS + 4_000, elapsedMs: 4_000 });
        const failed = sampleOutcome('cmd-2', { kind: 'failed', atMs: START_MS + 9_000, detail: 'cut off' });
        await store.appendOutcomes([ready, accepted, sampleOutcome('cmd-3')]);
        await store.flush();
        await store.appendOutcomes([failed, accepted]);
        await store.appendCommands([first]);
        expect(await store.commandsOfDecision('dec-1')).toEqual([first, second]);
        expect(await store.outcomesOfDecision('dec-1')).toEqual([accepted, ready, failed]);
        expect(await store.outcomesOfDecision('nothing')).toEqual([]);
      });
    });

    it('lists the notices that touch a range', async () => {
      const store = await openStore();
      const early = sampleNotice('not-1', 1_000, 2_000);
      const late = sampleNotice('not-2', 3_000, 4_000);
      await store.appendNotices([late, early, early]);
      expect(await store.listNotices()).toEqual([early, late]);
      expect(await store.listNotices({ fromMs: 2_000, toMs: 3_001 })).toEqual([late]);
      expect(await store.listNotices({ fromMs: 1_500, toMs: 1_600 })).toEqual([early]);
    });

    it('finds everything again after a restart, and still knows repeats', async () => {
      const store = await openStore();
      const window = sampleWindow(0);
      await store.appendWindows([window], closedSteps(0, 1));
      await store.appendForecasts([sampleForecast('fc-1', START_MS)]);
      await store.appendDecisions([sampleDecision('dec-1', START_MS)]);
      await store.saveShadows([sampleShadow('sha-1')]);
      await store.appendCommands([sampleCommand('cmd-1')]);
      await store.appendOutcomes([sampleOutcome('cmd-1')]);
      await store.appendNotices([sampleNotice('not-1', 1, 2)]);
      await store.close();

      const reopened = await openStore();
      await reopened.appendWindows([window], closedSteps(0, 1));
      await reopened.appendDecisions([sampleDecision('dec-1', START_MS)]);
      expect(await readAll(reopened, ALWAYS)).toEqual([window]);
      expect(await reopened.readClosedSteps(ALWAYS)).toEqual(closedSteps(0, 1));
      expect(await reopened.latestForecast(KEY)).toEqual(sampleForecast('fc-1', START_MS));
      expect(await reopened.listDecisions({})).toEqual([sampleDecision('dec-1', START_MS)]);
      expect(await reopened.listShadows({})).toEqual([sampleShadow('sha-1')]);
      expect(await reopened.outcomesOfDecision('dec-1')).toEqual([sampleOutcome('cmd-1')]);
      expect(await reopened.listNotices()).toEqual([sampleNotice('not-1', 1, 2)]);
    });

    it('prunes what ended long before a time and nothing that ended after', async () => {
      const store = await openStore();
      const laterSteps = (2 * PRUNE_GRANULARITY_MS) / STEP_MS;
      const kept = sampleWindow(laterSteps);
      await store.appendWindows(
        [sampleWindow(0), kept],
        [...closedSteps(0, 1), ...closedSteps(laterSteps, laterSteps + 1)],
      );
      const keptForecast = sampleForecast('fc-2', kept.startMs);
      await store.appendForecasts([sampleForecast('fc-1', START_MS), keptForecast]);
      await store.appendDecisions([sampleDecision('dec-1', START_MS)]);
      await store.appendOutcomes([sampleOutcome('cmd-1')]);
      await store.appendNotices([sampleNotice('not-1', 1, 2), sampleNotice('not-2', 1, kept.startMs + 1)]);
      await store.saveShadows([sampleShadow('sha-1'), sampleShadow('sha-2', { state: 'gone' })]);
      await store.prune(kept.startMs);
      expect(await readAll(store, ALWAYS)).toEqual([kept]);
      expect(await store.readClosedSteps(ALWAYS)).toEqual(closedSteps(laterSteps, laterSteps + 1));
      expect(await store.readForecasts(KEY, ALWAYS)).toEqual([keptForecast]);
      expect(await store.listDecisions({})).toEqual([]);
      expect(await store.outcomesOfDecision('dec-1')).toEqual([]);
      expect((await store.listNotices()).map((notice) => notice.id)).toEqual(['not-2']);
      expect(await store.listShadows({})).toEqual([sampleShadow('sha-1')]);
    });

    it('counts what it took, and has nothing buffered after a flush', async () => {
      const store = await openStore();
      await store.appendWindows([sampleWindow(0), sampleWindow(0), sampleWindow(1)], closedSteps(0, 2));
      expect(store.counters().acceptedRows).toBe(5);
      await store.flush();
      expect(store.counters()).toMatchObject({ bufferedRows: 0, bufferedBytes: 0, failedFlushes: 0 });
    });

    it('rejects use after close; a second close does nothing', async () => {
      const store = await openStore();
      await store.close();
      await store.close();
      await expect(store.appendNotices([sampleNotice('not-1', 1, 2)])).rejects.toThrow(StoreClosedError);
      await expect(store.listNotices()).rejects.toThrow(StoreClosedError);
    });
  });
}

async function readAll(store: Store, query: WindowQuery): Promise<ClientWindow[]> {
  const windows: ClientWindow[] = [];
  for await (const batch of store.readWindows(query)) windows.push(...batch);
  return windows;
}
