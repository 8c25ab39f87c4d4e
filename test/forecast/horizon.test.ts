import { expect, it, test } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/core/index.js';
import { horizonKnots, locateKnot } from '../../src/forecast/horizon.js';
import { seasonsOfGrid } from '../../src/forecast/season.js';

test.each([
  [1, [1]],
  [3, [1, 2, 3]],
  [12, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
  [20, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 19, 20]],
])('knots up to %d', (steps, knots) => {
  expect(horizonKnots(steps)).toEqual(knots);
});

it('locates every step between its knots', () => {
  const knots = horizonKnots(120);
  for (let ahead = 1; ahead <= 120; ahead++) {
    const { lower, share } = locateKnot(knots, ahead);
    const upper = knots[lower + 1] ?? knots[lower]!;
    expect(knots[lower]! + share * (upper - knots[lower]!)).toBeCloseTo(ahead, 9);
    expect(share).toBeLessThan(1);
  }
  expect(locateKnot(knots, 500)).toEqual({ lower: knots.length - 1, share: 0 });
});

test.each([
  [MINUTE_MS, { day: 1440, week: 10_080 }],
  [10 * SECOND_MS, { day: 8640 }],
  [HOUR_MS, { day: 24, week: 168 }],
  [DAY_MS, { week: 7 }],
  [7 * MINUTE_MS, { week: 1440 }],
  [SECOND_MS, {}],
])('seasons of a grid of %d ms', (stepMs, seasons) => {
  expect(Object.fromEntries(seasonsOfGrid(stepMs).map(({ name, steps }) => [name, steps]))).toEqual(seasons);
});
