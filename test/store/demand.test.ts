import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIN_OBSERVED_RATIO, toDemandSeries } from '../../src/store/index.js';
import { closedSteps, START_MS, STEP_MS } from './sample.js';

const window = (index: number, requestsCorrected: number, coverageRatio = 1) => ({
  startMs: START_MS + index * STEP_MS,
  stepMs: STEP_MS,
  requestsCorrected,
  coverageRatio,
});
const minute = { fromMs: START_MS, toMs: START_MS + 60_000, gridStepMs: 60_000, minCoverageRatio: 0.5 };

describe('the rule of the grid', () => {
  it.each([
    ['nothing was closed', [window(0, 60)], [], Number.NaN],
    ['all was closed and idle', [], closedSteps(0, 6), 0],
    ['all was closed and busy', [window(0, 60), window(5, 60)], closedSteps(0, 6), 2],
    ['half was closed', [window(0, 60)], closedSteps(0, 3), 2],
    ['less than half was closed', [window(0, 60)], closedSteps(0, 2), Number.NaN],
    ['a step was captured badly', [window(0, 60)], [...closedSteps(0, 5), ...closedSteps(5, 6, 0.4)], 1.2],
    ["a client's window was captured badly", [window(0, 60), window(1, 999, 0.4)], closedSteps(0, 6), 1.2],
    ['a window has no closed step', [window(0, 60), window(5, 999)], closedSteps(0, 5), 1.2],
  ])('%s', (_, windows, steps, perSecond) => {
    expect([...toDemandSeries(windows, steps, minute).values]).toEqual([perSecond]);
  });

  it('loses no request of a well captured stretch, whatever the order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(10_000), { minLength: 1, maxLength: 60 }),
        fc.constantFrom(10_000, 30_000, 60_000, 300_000),
        fc.nat(),
        (requests, gridStepMs, rotation) => {
          const windows = requests.map((count, index) => window(index, count));
          const turned = [...windows.splice(rotation % windows.length), ...windows];
          const steps = closedSteps(0, 60).toReversed();
          const query = { fromMs: START_MS, toMs: START_MS + 600_000, gridStepMs, minCoverageRatio: 1 };
          const { values } = toDemandSeries(turned, steps, query);
          const total = values.reduce((sum, rate) => sum + (rate * gridStepMs) / 1000, 0);
          expect(total).toBeCloseTo(
            requests.reduce((sum, count) => sum + count, 0),
            5,
          );
        },
      ),
    );
  });

  it('refuses a grid that cuts steps', () => {
    expect(() => toDemandSeries([], closedSteps(0, 1), { ...minute, gridStepMs: 15_000 })).toThrow(
      /15000 ms/,
    );
    expect(MIN_OBSERVED_RATIO).toBe(0.5);
  });
});
