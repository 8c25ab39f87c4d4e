import { z } from 'zod';
import { EpochMsSchema } from './key.js';

/** What a person or a calendar tells us about the future: demand in the window is `upliftRatio` × usual. */
export const Notice = z.object({
  id: z.string(),
  application: z.string().nullable(),
  client: z.string().nullable(),
  startMs: EpochMsSchema,
  endMs: EpochMsSchema,
  upliftRatio: z.number().positive(),
  /** Standard deviation of the uplift, as a share of it. */
  uncertaintyRatio: z.number().nonnegative(),
  text: z.string(),
});
export type Notice = z.infer<typeof Notice>;
