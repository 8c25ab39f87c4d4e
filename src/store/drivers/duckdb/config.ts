import { z } from 'zod';
import { DurationSchema } from '../../../domain/index.js';

/** Where DuckDB keeps a store that ends with the process. */
export const MEMORY_PATH = ':memory:';

export const DuckDbConfigSchema = z.strictObject({
  driver: z.literal('duckdb').default('duckdb'),
  /** A file, created if missing (its directory is not), or `:memory:`. */
  path: z.string().min(1).default('foretap.duckdb'),
  /** What DuckDB may take for caches and sorting, beyond which it spills to disk beside the file. */
  memoryLimit: z
    .string()
    .regex(/^\d+(\.\d+)?\s*[KMGT]i?B$/, 'Write a size with a unit: 512MB, 1GB.')
    .default('1GB'),
  /** Rows wait this long for others, to be written together: what a crash may lose. */
  flushInterval: DurationSchema.prefault('1s'),
  /** Text of buffered rows at which they are written at once: some 8 000 windows, fewer of which would cost more each. */
  flushBytes: z.int().positive().default(16_777_216),
  /** Text of buffered rows at which `append…` waits until some are written. */
  maxBufferedBytes: z.int().positive().default(67_108_864),
});
export type DuckDbConfig = z.infer<typeof DuckDbConfigSchema>;
