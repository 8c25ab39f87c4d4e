import { z } from 'zod';
import type { DurationMs } from '../core/index.js';

/** Two hours of minutes: further ahead belongs on a coarser grid. */
export const MAX_HORIZON_STEPS = 120;

/** The slice `forecast` of the configuration; the grid and the lead time are settings of `behavior` and `leadTime`. */
export const ForecastConfigSchema = z.strictObject({
  /** Steps ahead that every forecast carries. The horizon used is longer where the lead time is. */
  horizonSteps: z.int().min(1).max(MAX_HORIZON_STEPS).default(12),
});

/** What a forecaster is built with. */
export interface ForecastConfig extends z.infer<typeof ForecastConfigSchema> {
  /** Step of the grid on which demand is observed and forecast. */
  readonly stepMs: DurationMs;
  /** Lead time to expect before any was measured; at most {@link MAX_HORIZON_STEPS} steps. */
  readonly leadMs: DurationMs;
}

/** The horizon in use: what was asked for, or as far as the default lead time reaches. */
export function horizonStepsOf({ horizonSteps, leadMs, stepMs }: ForecastConfig): number {
  return Math.max(horizonSteps, Math.ceil(leadMs / stepMs));
}
