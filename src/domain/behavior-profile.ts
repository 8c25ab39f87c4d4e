import { z } from 'zod';
import { Histogram } from './histogram.js';
import { ClientKey, EpochMsSchema, RatioSchema } from './key.js';

export const HOURS_PER_WEEK = 168;

/** How one client uses one application: the behavioral model, learned from its windows alone. */
export const BehaviorProfile = ClientKey.extend({
  updatedMs: EpochMsSchema,
  firstSeenMs: EpochMsSchema,
  lastSeenMs: EpochMsSchema,
  /** Steps with data, idle ones included. */
  observedSteps: z.int().nonnegative(),
  /** Requests per second over the observed steps. */
  requestRate: z.object({
    meanPerSecond: z.number().nonnegative(),
    p50PerSecond: z.number().nonnegative(),
    p95PerSecond: z.number().nonnegative(),
    peakPerSecond: z.number().nonnegative(),
    peakAtMs: EpochMsSchema,
  }),
  requestSizeBytes: Histogram,
  responseSizeBytes: Histogram,
  latencyUs: Histogram,
  /** Mean requests/s in each hour of the week, Monday 00:00 UTC first; `null` where never observed. */
  hourOfWeek: z.array(z.number().nonnegative().nullable()).length(HOURS_PER_WEEK),
  /** Shares of requests by route, largest first. */
  routeMix: z.array(z.object({ route: z.string(), shareRatio: RatioSchema, errorRatio: RatioSchema })),
  /** Probability that `to` follows `from`; for each `from` largest first. */
  transitions: z.array(z.object({ from: z.string(), to: z.string(), probability: RatioSchema })),
  /** Answers 5xx, and 4xx, among all answers. */
  serverErrorRatio: RatioSchema,
  clientErrorRatio: RatioSchema,
});
export type BehaviorProfile = z.infer<typeof BehaviorProfile>;
