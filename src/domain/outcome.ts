import { z } from 'zod';
import { ClientKey, EpochMsSchema } from './key.js';

export const OUTCOME_KINDS = ['accepted', 'ready', 'shifted', 'failed', 'gone', 'health'] as const;
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
