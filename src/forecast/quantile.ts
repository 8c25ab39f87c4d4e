// The statistics of forecasts: one pure named function each. Levels and values are parallel, levels ascending.

/**
 * Value of a quantile row at any level, linear between the levels given and flat beyond them.
 * `levels` ascending, `row` parallel to it, neither empty.
 */
export function interpolateQuantile(
  levels: readonly number[],
  row: ArrayLike<number>,
  level: number,
): number {
  const last = levels.length - 1;
  if (level <= levels[0]!) return row[0]!;
  if (level >= levels[last]!) return row[last]!;
  let upper = 1;
  while (levels[upper]! < level) upper++;
  const share = (level - levels[upper - 1]!) / (levels[upper]! - levels[upper - 1]!);
  return row[upper - 1]! + share * (row[upper]! - row[upper - 1]!);
}

/**
 * Empirical quantile of the first `count` values of an ascending array at position `level·(count+1)`, linear between
 * neighbours, flat beyond the ends. The `+1` is the finite-sample correction of split conformal prediction
 * (Vovk, Gammerman, Shafer 2005). `count` ≥ 1.
 */
export function quantileOfSorted(sorted: ArrayLike<number>, count: number, level: number): number {
  const position = level * (count + 1) - 1;
  if (position <= 0) return sorted[0]!;
  if (position >= count - 1) return sorted[count - 1]!;
  const below = Math.floor(position);
  return sorted[below]! + (position - below) * (sorted[below + 1]! - sorted[below]!);
}

/** Pinball (quantile) loss of one forecast value at one level, in the unit of the value (Koenker, Bassett 1978). */
export function pinballLoss(level: number, forecast: number, actual: number): number {
  const shortfall = actual - forecast;
  return shortfall >= 0 ? level * shortfall : (level - 1) * shortfall;
}

/** Mean pinball loss over a row of quantiles that starts at `offset`, in the unit of the value. */
export function meanPinballLoss(
  levels: readonly number[],
  rows: ArrayLike<number>,
  offset: number,
  actual: number,
): number {
  let sum = 0;
  for (let i = 0; i < levels.length; i++) {
    const shortfall = actual - rows[offset + i]!;
    sum += shortfall >= 0 ? levels[i]! * shortfall : (levels[i]! - 1) * shortfall;
  }
  return sum / levels.length;
}

/**
 * Weighted quantile loss: twice the pinball loss summed over all forecasts, averaged over the levels, as a share of the summed
 * absolute demand. `pinballSum` is already averaged over levels. `null` where there was no demand at all.
 */
export function weightedQuantileLoss(pinballSum: number, absoluteDemandSum: number): number | null {
  return absoluteDemandSum > 0 ? (2 * pinballSum) / absoluteDemandSum : null;
}

/**
 * Mean absolute error in units of `scale` (Hyndman, Koehler 2006). `null` without a forecast, or with a scale of 0.
 */
export function meanAbsoluteScaledError(
  absoluteErrorSum: number,
  count: number,
  scale: number,
): number | null {
  return count > 0 && scale > 0 ? absoluteErrorSum / count / scale : null;
}

/** Mean absolute one-step change over the pairs of neighbours that are both present; `null` where there is no such pair. */
export function meanAbsoluteChange(values: ArrayLike<number>, end: number): number | null {
  return meanSeasonalChange(values, end, 1);
}

/** Mean absolute change over `seasonSteps` among the first `end` values, missing ones skipped; `null` without a pair. */
export function meanSeasonalChange(
  values: ArrayLike<number>,
  end: number,
  seasonSteps: number,
): number | null {
  let sum = 0;
  let count = 0;
  for (let i = seasonSteps; i < end; i++) {
    const change = Math.abs(values[i]! - values[i - seasonSteps]!);
    if (Number.isNaN(change)) continue;
    sum += change;
    count++;
  }
  return count > 0 ? sum / count : null;
}

/** Share of the actual values that lay within their interval, ends included; `null` without one. */
export function coverageRatio(inside: number, count: number): number | null {
  return count > 0 ? inside / count : null;
}

/** Makes a row of quantiles that starts at `offset` non-decreasing and non-negative, in place. */
export function raiseToMonotone(rows: Float64Array, offset: number, length: number): void {
  let floor = 0;
  for (let i = offset; i < offset + length; i++) {
    if (rows[i]! > floor) floor = rows[i]!;
    else rows[i] = floor;
  }
}

/** Geometric mean of positive ratios; zeros, infinities and missing ones are left out; `null` without any. */
export function geometricMean(ratios: readonly number[]): number | null {
  const usable = ratios.filter((ratio) => Number.isFinite(ratio) && ratio > 0);
  if (usable.length === 0) return null;
  return Math.exp(usable.reduce((sum, ratio) => sum + Math.log(ratio), 0) / usable.length);
}
