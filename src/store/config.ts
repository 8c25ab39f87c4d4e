import type { z } from 'zod';
import { DurationSchema } from '../domain/index.js';
import { DuckDbConfigSchema } from './drivers/duckdb/config.js';

/** The store's slice of the configuration: that of the driver, and what holds for all drivers. */
export const StoreConfigSchema = DuckDbConfigSchema.extend({
  /** How long rows are kept: a duration. The engine prunes what is older. */
  retention: DurationSchema.prefault('90d'),
}).strict();
export type StoreConfig = z.infer<typeof StoreConfigSchema>;
