import { z } from 'zod';
import { ClientKey, EpochMsSchema } from './key.js';

/** The levels that every forecast carries; the upper tail is finer because capacity is bought there. */
export const QUANTILE_LEVELS = [
  0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99,
] as const;

/** A non-decreasing row of values, one for each of {@link QUANTILE_LEVELS}. */
export const Quantiles = z.array(z.number().nonnegative()).length(QUANTILE_LEVELS.length);
export type Quantiles = z.infer<typeof Quantiles>;

export const ExpertShare = z.object({
  expert: z.string(),
  /** Weight in the combination; all weights sum to 1. */
  weightRatio: z.number().min(0).max(1),
  /** Recent mean pinball loss, requests/s; `null` before the first comparison. */
  pinballLoss: z.number().nonnegative().nullable(),
  /** Worse than persistence of late, therefore without weight. */
  isDemoted: z.boolean(),
});
export type ExpertShare = z.infer<typeof ExpertShare>;

/** A client's demand to come, in requests per second, as a distribution. */
export const Forecast = ClientKey.extend({
  id: z.string(),
  madeAtMs: EpochMsSchema,
  /** Step of the grid; step `h` (from 0) covers `[madeAtMs + h·stepMs, madeAtMs + (h+1)·stepMs)`. */
  stepMs: z.int().positive(),
  /** `horizon × QUANTILE_LEVELS`. */
  quantiles: z.array(Quantiles),
  /** Distribution of the maximum over the first `leadMs`: what capacity has to bear before help can arrive. */
  maxOverLead: z.object({ leadMs: z.int().positive(), quantiles: Quantiles }),
  /** Rate now (last step), requests/s. */
  currentPerSecond: z.number().nonnegative(),
  /** Rate of change, requests/s per minute, and its own change per minute. */
  velocityPerMinute: z.number(),
  accelerationPerMinute2: z.number(),
  experts: z.array(ExpertShare),
  /** Mean pinball loss of the ensemble over that of persistence, recent; below 1 is skill; `null` while unknown. */
  skillRatio: z.number().nonnegative().nullable(),
  /** Steps of history behind it. */
  historySteps: z.int().nonnegative(),
});
export type Forecast = z.infer<typeof Forecast>;
