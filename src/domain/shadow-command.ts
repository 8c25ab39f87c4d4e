import { z } from 'zod';
import { ClientKey, EpochMsSchema } from './key.js';
import { Tier } from './shadow.js';

export const COMMAND_VERBS = ['warm', 'shift', 'resize', 'cool', 'retire', 'throttle'] as const;
export const CommandVerb = z.enum(COMMAND_VERBS);
export type CommandVerb = z.infer<typeof CommandVerb>;

/** An order to a provisioner. Idempotent by id; void after its deadline; refused if a newer token was seen. */
export const ShadowCommand = ClientKey.extend({
  id: z.string(),
  verb: CommandVerb,
  shadowId: z.string(),
  decisionId: z.string(),
  tier: Tier,
  zone: z.string(),
  /** What the resource has to serve, requests/s. */
  capacityPerSecond: z.number().positive(),
  issuedAtMs: EpochMsSchema,
  deadlineMs: EpochMsSchema,
  fencingToken: z.int().nonnegative(),
  /** 1 for the first try of this step, more for repeats after a failure. */
  attempt: z.int().positive(),
});
export type ShadowCommand = z.infer<typeof ShadowCommand>;
