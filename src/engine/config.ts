import { z } from 'zod';
import { DurationSchema } from '../domain/index.js';

/** The slice `engine` of the configuration. */
export const EngineConfigSchema = z
  .strictObject({
    /** A forecast is stored with every decision that differs from the one before it, and otherwise this often. */
    forecastRecordInterval: DurationSchema.prefault('15m'),
    /** How far back stored windows are read when a live engine starts. */
    restoreHistory: DurationSchema.prefault('14d'),
  })
  .transform(({ forecastRecordInterval, restoreHistory }) => ({
    forecastRecordIntervalMs: forecastRecordInterval,
    restoreHistoryMs: restoreHistory,
  }));
export type EngineConfig = z.infer<typeof EngineConfigSchema>;
