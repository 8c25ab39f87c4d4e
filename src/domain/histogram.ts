import { z } from 'zod';

/** Buckets an octave is cut into, as a power of two: 2³ = 8, so a bucket is 9 % wide. Same in the data plane. */
export const HISTOGRAM_SCALE = 3;

/**
 * An exponential histogram of positive values (OpenTelemetry metrics data model, fixed scale): bucket `i` of `counts` counts
 * values in `(2^((offset+i)/8), 2^((offset+i+1)/8)]`. Two of them merge by adding counts index by index.
 */
export const Histogram = z.object({
  zeroCount: z.int().nonnegative(),
  offset: z.int(),
  counts: z.array(z.int().nonnegative()),
});
export type Histogram = z.infer<typeof Histogram>;

export const EMPTY_HISTOGRAM: Histogram = { zeroCount: 0, offset: 0, counts: [] };
