// What every resource driver has to do. Each driver's own test calls this with a factory that gives a driver without resources,
// and says how far time has to be moved on for any order to end.
import { afterEach, describe, expect, it } from 'vitest';
import type { CommandVerb, ShadowCommand } from '../../src/domain/index.js';
import type { ResourceDriver, ResourceReport } from '../../src/provision/index.js';
import { FULFILMENT } from '../../src/shadow/index.js';

export interface ResourceDriverUnderTest {
  readonly driver: ResourceDriver;
  readonly startMs: number;
  /** No order takes longer. */
  readonly longestMs: number;
}

export function describeResourceDriver(name: string, create: () => Promise<ResourceDriverUnderTest>): void {
  describe(`resource driver ${name}`, () => {
    let open: ResourceDriver[] = [];
    afterEach(async () => {
      await Promise.all(open.map((driver) => driver.close()));
      open = [];
    });

    /** A driver with its own clock, and orders that are followed to their end. */
    async function begin() {
      const { driver, startMs, longestMs } = await create();
      open.push(driver);
      let nowMs = startMs;
      let token = 0;
      const commandFor = (verb: CommandVerb, overrides: Partial<ShadowCommand>): ShadowCommand => ({
        application: 'shop',
        client: '10.0.0.7',
        id: `cmd-${++token}`,
        verb,
        shadowId: 'shd-1',
        decisionId: 'dec-1',
        tier: 'hot',
        zone: 'default',
        capacityPerSecond: 100,
        issuedAtMs: nowMs,
        deadlineMs: nowMs + 10 * longestMs,
        fencingToken: token,
        attempt: 1,
        ...overrides,
      });
      const follow = async (verb: CommandVerb, overrides: Partial<ShadowCommand> = {}) => {
        const command = commandFor(verb, overrides);
        await driver[verb](command, nowMs);
        const issuedMs = nowMs;
        nowMs += longestMs;
        const reports = await driver.advanceTo(nowMs);
        for (const report of reports) {
          expect(report.command).toEqual(command);
          expect(report.atMs).toBeGreaterThanOrEqual(issuedMs);
          expect(report.atMs).toBeLessThanOrEqual(nowMs);
        }
        return reports;
      };
      const last = (reports: ResourceReport[]) => reports.at(-1)?.kind;
      return { driver, follow, last, nowMs: () => nowMs };
    }

    it('takes a resource through its whole life, each order ending in its fulfilment', async () => {
      const { follow, last } = await begin();
      const life: [CommandVerb, Partial<ShadowCommand>][] = [
        ['warm', {}],
        ['resize', { capacityPerSecond: 200 }],
        ['cool', { tier: 'suspended' }],
        ['warm', {}],
        ['shift', {}],
        ['cool', { tier: 'hot' }],
        ['shift', {}],
        ['cool', { tier: 'hot' }],
        ['retire', {}],
      ];
      for (const [verb, overrides] of life) {
        expect(last(await follow(verb, overrides))).toBe(FULFILMENT[verb]);
      }
    });

    it('tells that a new resource is up before it is ready', async () => {
      const { follow } = await begin();
      expect((await follow('warm')).map((report) => report.kind)).toEqual(['health', 'ready']);
    });

    it('reports in order of time, and everything once', async () => {
      const { driver, follow, nowMs } = await begin();
      const reports = await follow('warm');
      expect(reports.map((report) => report.atMs)).toEqual(
        reports.map((report) => report.atMs).sort((a, b) => a - b),
      );
      expect(await driver.advanceTo(nowMs())).toEqual([]);
    });

    it('is idempotent in its effect: every order may be repeated', async () => {
      const { follow, last } = await begin();
      for (const verb of ['warm', 'shift', 'cool', 'retire'] as const) {
        expect(last(await follow(verb))).toBe(FULFILMENT[verb]);
        expect(last(await follow(verb))).toBe(FULFILMENT[verb]);
      }
    });

    it('reports what was never there as gone, and fails to shift to it', async () => {
      const { follow, last } = await begin();
      expect(last(await follow('retire', { shadowId: 'shd-unknown' }))).toBe('gone');
      const [report] = await follow('shift', { shadowId: 'shd-unknown' });
      expect(report?.kind).toBe('failed');
      expect(report?.detail).not.toBeNull();
    });

    it('accepts a throttle and reports nothing more', async () => {
      const { follow } = await begin();
      expect(await follow('throttle')).toEqual([]);
    });
  });
}
