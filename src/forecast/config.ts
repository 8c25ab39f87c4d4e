import { z } from 'zod';
import { MINUTE_MS } from '../core/index.js';

/** Two hours of minutes: further ahead belongs on a coarser grid. */
export const MAX_HORIZON_STEPS = 120;

/** Configuration slice of this room. */
export const ForecastConfigSchema = z
  .strictObject({
    /** Step of the grid on which demand is observed and forecast. */
    stepMs: z.int().positive().default(MINUTE_MS),
    /** Steps ahead that every forecast carries. The horizon used is longer where the default lead time is. */
    horizonSteps: z.int().min(1).max(MAX_HORIZON_STEPS).default(12),
    /** Lead time that is expected where none is measured. */
    leadMs: z
      .int()
      .positive()
      .default(5 * MINUTE_MS),
  })
  .refine(({ leadMs, stepMs }) => leadMs <= MAX_HORIZON_STEPS * stepMs, {
    path: ['leadMs'],
    error: `leadMs must not exceed ${MAX_HORIZON_STEPS} steps; use a longer stepMs`,
  });
export type ForecastConfig = z.infer<typeof ForecastConfigSchema>;

/** The horizon in use: what was asked for, or as far as the default lead time reaches. */
export function horizonStepsOf({ horizonSteps, leadMs, stepMs }: ForecastConfig): number {
  return Math.max(horizonSteps, Math.ceil(leadMs / stepMs));
}
