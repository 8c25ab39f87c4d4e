import { z } from 'zod';
import { ClientKey, EpochMsSchema } from './key.js';

/**
 * `accepted` begins what was ordered; `ready` (warm), `shifted`, `resized`, `cooled` (drained, or suspended) and `gone` (retire) end
 * it, as `failed` does. `health` tells that the resource is up, before it is ready or at any time after.
 */
export const OUTCOME_KINDS = [
  'accepted',
  'ready',
  'shifted',
  'resized',
  'cooled',
  'gone',
  'failed',
  'health',
] as const;
export const OutcomeKind = z.enum(OUTCOME_KINDS);
export type OutcomeKind = z.infer<typeof OutcomeKind>;

/** What became of a command. */
export const Outcome = ClientKey.extend({
  commandId: z.string(),
  shadowId: z.string(),
  kind: OutcomeKind,
  atMs: EpochMsSchema,
  fencingToken: z.int().nonnegative(),
  /** Why, for `failed`; what, for `health`; else `null`. */
  detail: z.string().nullable(),
  /** From the command's issue to this outcome: the measured lead time when `kind` is `ready`. */
  elapsedMs: z.int().nonnegative(),
});
export type Outcome = z.infer<typeof Outcome>;
