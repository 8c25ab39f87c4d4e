import { QUANTILE_LEVELS, type Quantiles } from '../domain/index.js';

const LEVELS: readonly number[] = QUANTILE_LEVELS;
const LAST = LEVELS.length - 1;

/**
 * The value at quantile `level`, interpolated linearly between {@link QUANTILE_LEVELS}. Levels outside of them give the outermost
 * value: nothing is known beyond.
 */
export function quantileAt(quantiles: Quantiles, level: number): number {
  if (level <= LEVELS[0]!) return quantiles[0]!;
  for (let index = 1; index <= LAST; index++) {
    const upper = LEVELS[index]!;
    if (level <= upper) {
      const lower = LEVELS[index - 1]!;
      const shareRatio = (level - lower) / (upper - lower);
      return quantiles[index - 1]! + shareRatio * (quantiles[index]! - quantiles[index - 1]!);
    }
  }
  return quantiles[LAST]!;
}

/** P(X > value): the inverse of {@link quantileAt}; a value beyond the outermost quantiles gives 1 or 0.01, never a certain 0. */
export function exceedanceProbability(quantiles: Quantiles, value: number): number {
  if (value < quantiles[0]!) return 1;
  for (let index = 1; index <= LAST; index++) {
    const upper = quantiles[index]!;
    if (value < upper) {
      const lower = quantiles[index - 1]!;
      const level =
        LEVELS[index - 1]! + ((value - lower) / (upper - lower)) * (LEVELS[index]! - LEVELS[index - 1]!);
      return 1 - level;
    }
  }
  return 1 - LEVELS[LAST]!;
}

/**
 * E[max(0, X − value)], where X is piecewise uniform between its quantiles and constant beyond them.
 * E.g. X = 10 for sure: 4 over 6, 0 over 12.
 */
export function expectedExcess(quantiles: Quantiles, value: number): number {
  let sum = LEVELS[0]! * Math.max(0, quantiles[0]! - value);
  for (let index = 1; index <= LAST; index++) {
    const weight = LEVELS[index]! - LEVELS[index - 1]!;
    sum += weight * meanExcessOfSegment(quantiles[index - 1]!, quantiles[index]!, value);
  }
  return sum + (1 - LEVELS[LAST]!) * Math.max(0, quantiles[LAST]! - value);
}

function meanExcessOfSegment(lower: number, upper: number, value: number): number {
  if (value <= lower) return (lower + upper) / 2 - value;
  if (value >= upper) return 0;
  return (upper - value) ** 2 / (2 * (upper - lower));
}

/** E[X] under the same assumptions. */
export function meanOf(quantiles: Quantiles): number {
  return expectedExcess(quantiles, 0);
}

/** A distribution that is `value` for sure: what is left where there is no forecast. */
export function certainly(value: number): Quantiles {
  return LEVELS.map(() => value);
}

/**
 * The standard normal's quantile, absolute error below 4.5e-4 for `level` in (0, 1) (Abramowitz & Stegun 26.2.23); enough to
 * place a notice's uncertainty.
 */
export function normalQuantile(level: number): number {
  const bounded = Math.min(Math.max(level, 1e-6), 1 - 1e-6);
  if (bounded > 0.5) return -normalQuantile(1 - bounded);
  const t = Math.sqrt(-2 * Math.log(bounded));
  const numerator = 2.515517 + 0.802853 * t + 0.010328 * t * t;
  const denominator = 1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3;
  return numerator / denominator - t;
}
