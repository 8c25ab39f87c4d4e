import { z } from 'zod';
import { durationToMs } from '../core/index.js';

/** A span of time as people write it in configuration: `"30s"`, `"5m"`, `"1h30m"` → milliseconds, above 0. */
export const DurationSchema = z.string().transform((text, context) => {
  try {
    const durationMs = durationToMs(text);
    if (durationMs > 0) return durationMs;
    context.addIssue({ code: 'custom', message: `"${text}" must be longer than nothing` });
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
  return z.NEVER;
});
