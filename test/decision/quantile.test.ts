import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  certainly,
  exceedanceProbability,
  expectedExcess,
  meanOf,
  normalQuantile,
  quantileAt,
} from '../../src/decision/quantile.js';
import { QUANTILE_LEVELS } from '../../src/domain/index.js';

const UNIFORM = QUANTILE_LEVELS.map((level) => level * 100);
const rows = fc
  .array(fc.double({ min: 0, max: 1e6, noNaN: true }), {
    minLength: QUANTILE_LEVELS.length,
    maxLength: QUANTILE_LEVELS.length,
  })
  .map((values) => values.sort((a, b) => a - b));

describe('quantileAt', () => {
  it.each([
    [0.9, 90],
    [0.92, 92],
    [0.25, 25],
    [0.01, 5],
    [0.999, 99],
  ])('at level %f is %f', (level, value) => expect(quantileAt(UNIFORM, level)).toBeCloseTo(value, 9));
});

describe('exceedanceProbability', () => {
  it.each([
    [90, 0.1],
    [92.5, 0.075],
    [1, 1],
    [500, 0.01],
  ])('of %f is %f', (value, probability) =>
    expect(exceedanceProbability(UNIFORM, value)).toBeCloseTo(probability, 9),
  );

  it('is the inverse of the quantile wherever that grows', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.06, max: 0.98, noNaN: true }), (level) => {
        expect(exceedanceProbability(UNIFORM, quantileAt(UNIFORM, level))).toBeCloseTo(1 - level, 9);
      }),
    );
  });
});

describe('expectedExcess', () => {
  it('of a certain value is what is above', () => {
    expect(expectedExcess(certainly(10), 6)).toBeCloseTo(4, 9);
    expect(expectedExcess(certainly(10), 12)).toBe(0);
  });

  it('of a uniform one is (b − x)² / 2(b − a), but for the cut tails', () => {
    expect(expectedExcess(UNIFORM, 50)).toBeCloseTo(12.5, 1);
  });

  it('never grows with the value, and lies between mean − value and mean', () => {
    fc.assert(
      fc.property(rows, fc.double({ min: 0, max: 1e6, noNaN: true }), (row, value) => {
        const excess = expectedExcess(row, value);
        const slack = 1e-6 * (1 + meanOf(row));
        expect(excess).toBeGreaterThanOrEqual(Math.max(0, meanOf(row) - value) - slack);
        expect(excess).toBeLessThanOrEqual(meanOf(row) + slack);
        expect(expectedExcess(row, value + 1)).toBeLessThanOrEqual(excess + slack);
      }),
    );
  });
});

describe('normalQuantile', () => {
  it.each([
    [0.5, 0],
    [0.9, 1.28155],
    [0.975, 1.95996],
    [0.1, -1.28155],
  ])('at %f is %f', (level, value) => expect(Math.abs(normalQuantile(level) - value)).toBeLessThan(5e-4));
});
