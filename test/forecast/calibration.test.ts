import { describe, expect, it } from 'vitest';
import { QUANTILE_LEVELS } from '../../src/domain/index.js';
import { MaxCalibrator } from '../../src/forecast/calibration.js';
import { createNormal } from './demand.js';

const UPPER = QUANTILE_LEVELS.indexOf(0.9);

/** Step quantiles that know nothing: as wide as told around 100. */
function wrongRow(width: number): Float64Array {
  return Float64Array.from(QUANTILE_LEVELS, (level) => 100 + width * (level - 0.5));
}

/** Share of maxima below the 0.9 quantile, from the `from`th on. */
function coverageOf(maxima: readonly number[], width: number, from: number): number {
  const calibrator = new MaxCalibrator();
  const row = new Float64Array(QUANTILE_LEVELS.length);
  let covered = 0;
  for (const [position, maximum] of maxima.entries()) {
    const expectation = calibrator.writeRow(wrongRow(width), 1, row, 0);
    if (position >= from && maximum <= row[UPPER]!) covered++;
    calibrator.record(maximum, expectation, row, 0);
  }
  return covered / (maxima.length - from);
}

describe('MaxCalibrator', () => {
  it('begins with the highest quantile of any step', () => {
    const row = new Float64Array(QUANTILE_LEVELS.length);
    new MaxCalibrator().writeRow(wrongRow(10), 1, row, 0);
    expect([...row]).toEqual([...wrongRow(10)]);
  });

  it.each([
    ['far too narrow', 0.5],
    ['far too wide', 200],
  ])('covers as it says, though the steps were %s and off', (_name, width) => {
    const normal = createNormal(3);
    const maxima = Array.from({ length: 4_000 }, () => 130 + 5 * normal());
    expect(Math.abs(coverageOf(maxima, width, 1_000) - 0.9)).toBeLessThan(0.02);
  });

  it('covers in the long run while demand drifts', () => {
    const normal = createNormal(4);
    const maxima = Array.from({ length: 6_000 }, (_, i) => 100 + i / 20 + 5 * normal());
    expect(Math.abs(coverageOf(maxima, 20, 1_000) - 0.9)).toBeLessThan(0.04);
  });
});
