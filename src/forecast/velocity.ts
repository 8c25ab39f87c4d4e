/**
 * Robust slope of values over times: the median of the slopes between all pairs (Theil 1950, Sen 1968). Missing (`NaN`) values are
 * left out. Unit: that of the values by that of the times; 0 with fewer than two values.
 */
export function theilSenSlope(times: readonly number[], values: readonly number[]): number {
  const slopes: number[] = [];
  for (let i = 0; i < values.length; i++) {
    for (let j = i + 1; j < values.length; j++) {
      const slope = (values[j]! - values[i]!) / (times[j]! - times[i]!);
      if (Number.isFinite(slope)) slopes.push(slope);
    }
  }
  if (slopes.length === 0) return 0;
  slopes.sort((a, b) => a - b);
  const middle = slopes.length >> 1;
  return slopes.length % 2 === 1 ? slopes[middle]! : (slopes[middle - 1]! + slopes[middle]!) / 2;
}

export interface Motion {
  /** Requests/s per minute. */
  velocityPerMinute: number;
  /** Requests/s per minute, per minute. */
  accelerationPerMinute2: number;
}

/**
 * Velocity over the newer half of the values, and its change since the older half. `minutes` ascending, parallel to `values`
 * (requests/s, `NaN` = missing). Needs two values for a velocity and two in each half for an acceleration, else 0.
 */
export function motionOf(minutes: readonly number[], values: readonly number[]): Motion {
  const present = minutes
    .map((minute, i) => ({ minute, value: values[i]! }))
    .filter(({ value }) => !Number.isNaN(value));
  const half = present.length >> 1;
  const older = present.slice(0, half);
  const newer = present.slice(half);
  const slopeOf = (points: typeof present) =>
    theilSenSlope(
      points.map(({ minute }) => minute),
      points.map(({ value }) => value),
    );
  if (older.length < 2) return { velocityPerMinute: slopeOf(present), accelerationPerMinute2: 0 };
  const velocityPerMinute = slopeOf(newer);
  const apartMinutes = meanMinute(newer) - meanMinute(older);
  return { velocityPerMinute, accelerationPerMinute2: (velocityPerMinute - slopeOf(older)) / apartMinutes };
}

function meanMinute(points: readonly { minute: number }[]): number {
  return points.reduce((sum, { minute }) => sum + minute, 0) / points.length;
}
