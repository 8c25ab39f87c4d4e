import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  coverageRatio,
  geometricMean,
  interpolateQuantile,
  meanAbsoluteChange,
  meanAbsoluteScaledError,
  meanPinballLoss,
  meanSeasonalChange,
  pinballLoss,
  quantileOfSorted,
  raiseToMonotone,
  weightedQuantileLoss,
} from '../../src/forecast/quantile.js';

const { NaN: MISSING } = Number;

test.each([
  [0.9, 10, 12, 1.8],
  [0.9, 12, 10, 0.2],
  [0.1, 10, 12, 0.2],
  [0.1, 12, 10, 1.8],
  [0.5, 3, 3, 0],
])('pinballLoss of level %d, forecast %d, actual %d is %d', (level, forecast, actual, loss) => {
  expect(pinballLoss(level, forecast, actual)).toBeCloseTo(loss, 12);
});

test.each([
  [0.1, 1],
  [0.05, 1],
  [0.3, 2],
  [0.5, 3],
  [0.7, 5],
  [0.9, 7],
  [0.99, 7],
])('interpolateQuantile at %d is %d', (level, value) => {
  expect(interpolateQuantile([0.1, 0.5, 0.9], [1, 3, 7], level)).toBeCloseTo(value, 12);
});

test.each([
  // Position level·(4+1)−1 among 10, 20, 30, 40.
  [0.2, 10],
  [0.5, 25],
  [0.8, 40],
  [0.7, 35],
  [0.01, 10],
  [0.99, 40],
])('quantileOfSorted at %d is %d', (level, value) => {
  expect(quantileOfSorted([10, 20, 30, 40, Number.POSITIVE_INFINITY], 4, level)).toBeCloseTo(value, 12);
});

test('meanPinballLoss averages the levels of the row at the offset', () => {
  // 0.1·(5−2) and 0.1·(6−5): 0.3 and 0.1.
  expect(meanPinballLoss([0.1, 0.9], [99, 99, 2, 6], 2, 5)).toBeCloseTo(0.2, 12);
});

test.each([
  [3, 12, 0.5],
  [0, 12, 0],
  [3, 0, null],
])('weightedQuantileLoss of pinball %d over demand %d is %s', (pinball, demand, loss) => {
  expect(weightedQuantileLoss(pinball, demand)).toBe(loss);
});

test.each([
  [12, 4, 2, 1.5],
  [12, 4, 0, null],
  [0, 0, 2, null],
])('meanAbsoluteScaledError of %d over %d in units of %d is %s', (sum, count, scale, score) => {
  expect(meanAbsoluteScaledError(sum, count, scale)).toBe(score);
});

test.each([
  [[1, 3, 2], 3, 1.5],
  [[1, 3, 2], 2, 2],
  [[1, MISSING, 2, 6], 4, 4],
  [[1, MISSING], 2, null],
  [[5], 1, null],
])('meanAbsoluteChange of %j until %d is %s', (values, end, change) => {
  expect(meanAbsoluteChange(values, end)).toBe(change);
});

test.each([
  [2, 2.5],
  [3, 4],
  [9, null],
])('meanSeasonalChange over %d steps is %s', (steps, change) => {
  expect(meanSeasonalChange([1, 2, 3, 5], 4, steps)).toBe(change);
});

test.each([
  [8, 10, 0.8],
  [0, 0, null],
])('coverageRatio of %d in %d is %s', (inside, count, ratio) => {
  expect(coverageRatio(inside, count)).toBe(ratio);
});

test.each([
  [[2, 8], 4],
  [[4, 0, Number.POSITIVE_INFINITY], 4],
  [[], null],
])('geometricMean of %j is %s', (ratios, mean) => {
  const result = geometricMean(ratios);
  if (mean === null) expect(result).toBeNull();
  else expect(result).toBeCloseTo(mean, 12);
});

describe('raiseToMonotone', () => {
  it('touches its row only, never lowers a non-negative value and leaves no crossing', () => {
    const numbers = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), {
      minLength: 3,
      maxLength: 20,
    });
    fc.assert(
      fc.property(numbers, (values) => {
        const row = Float64Array.from(values);
        raiseToMonotone(row, 1, values.length - 2);
        expect([row[0], row.at(-1)]).toEqual([values[0], values.at(-1)]);
        for (let i = 1; i < values.length - 1; i++) {
          expect(row[i]).toBeGreaterThanOrEqual(Math.max(0, values[i]!));
          if (i > 1) expect(row[i]).toBeGreaterThanOrEqual(row[i - 1]!);
        }
      }),
    );
  });
});
