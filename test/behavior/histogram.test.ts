import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecayedHistogram } from '../../src/behavior/decayed-histogram.js';
import {
  bucketIndexOf,
  countOf,
  histogramOf,
  meanOf,
  mergeHistograms,
  quantileOf,
} from '../../src/behavior/index.js';
import { EMPTY_HISTOGRAM } from '../../src/domain/index.js';

const values = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e12, noNaN: true })), {
  maxLength: 40,
});

describe('buckets', () => {
  it.each([
    [1, -1],
    [1.01, 0],
    [2, 7],
    [2.01, 8],
    [1024, 79],
    [0.5, -9],
  ])('%d falls into bucket %d', (value, index) => {
    expect(bucketIndexOf(value)).toBe(index);
  });
});

describe('merge', () => {
  it('is that of all values together, in any order and grouping', () => {
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const together = histogramOf([...a, ...b, ...c]);
        const [x, y, z] = [histogramOf(a), histogramOf(b), histogramOf(c)];
        expect(trim(mergeHistograms(mergeHistograms(x, y), z))).toEqual(trim(together));
        expect(trim(mergeHistograms(z, mergeHistograms(y, x)))).toEqual(trim(together));
      }),
    );
  });

  it('leaves its inputs alone, and the empty one changes nothing', () => {
    const one = { zeroCount: 1, offset: 4, counts: [2, 3] };
    const merged = mergeHistograms(one, EMPTY_HISTOGRAM);
    merged.counts[0] = 99;
    expect(one).toEqual({ zeroCount: 1, offset: 4, counts: [2, 3] });
    expect(mergeHistograms(EMPTY_HISTOGRAM, one)).toEqual(one);
    expect(EMPTY_HISTOGRAM).toEqual({ zeroCount: 0, offset: 0, counts: [] });
  });
});

describe('quantile', () => {
  it('is within a bucket of the exact one, and never falls as the level rises', () => {
    fc.assert(
      fc.property(
        values.filter((list) => list.length > 0),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (list, level) => {
          const sorted = [...list].sort((a, b) => a - b);
          const exact = sorted[Math.ceil(level * sorted.length - 1e-9) - 1]!;
          const found = quantileOf(histogramOf(list), level)!;
          if (exact === 0) expect(found).toBe(0);
          else expect(Math.abs(Math.log2(found / exact))).toBeLessThanOrEqual(1 / 8 + 1e-9);
          expect(quantileOf(histogramOf(list), level * 0.9)!).toBeLessThanOrEqual(found);
        },
      ),
    );
  });

  it('does not exist without values', () => {
    expect(quantileOf(EMPTY_HISTOGRAM, 0.5)).toBeNull();
    expect(meanOf(EMPTY_HISTOGRAM)).toBeNull();
    expect(countOf(EMPTY_HISTOGRAM)).toBe(0);
  });
});

it('the mean is within half a bucket of the exact one', () => {
  fc.assert(
    fc.property(
      values.filter((list) => list.some((value) => value > 0)),
      (list) => {
        const exact = list.reduce((sum, value) => sum + value, 0) / list.length;
        expect(Math.abs(meanOf(histogramOf(list))! / exact - 1)).toBeLessThan(0.045);
      },
    ),
  );
});

it('without decay a decayed histogram is the merge', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const decayed = new DecayedHistogram();
      decayed.add(histogramOf(a), 1);
      for (const value of b) decayed.addValue(value, 1);
      expect(trim(decayed.toHistogram(1))).toEqual(trim(histogramOf([...a, ...b])));
    }),
  );
});

/** The same histogram in one form: no empty buckets at the ends. */
function trim(histogram: { zeroCount: number; offset: number; counts: number[] }) {
  const first = histogram.counts.findIndex((count) => count > 0);
  if (first < 0) return { zeroCount: histogram.zeroCount, offset: 0, counts: [] };
  const last = histogram.counts.findLastIndex((count) => count > 0);
  return {
    zeroCount: histogram.zeroCount,
    offset: histogram.offset + first,
    counts: histogram.counts.slice(first, last + 1),
  };
}
