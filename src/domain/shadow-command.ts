import { z } from 'zod';
import { CommandVerb } from './command-verb.js';
import { ClientKey, EpochMsSchema } from './key.js';
import { Tier } from './shadow.js';

/** An order to a provisioner. Idempotent by id; void after its deadline; refused if a newer token was seen. */
export const ShadowCommand = ClientKey.extend({
  id: z.string(),
  verb: CommandVerb,
  shadowId: z.string(),
  decisionId: z.string(),
  /** How the resource is kept; for `cool`, how from now on: `suspended`, or `hot` for drained but warm. */
  tier: Tier,
  zone: z.string(),
  /** What the resource has to serve, requests/s; for `throttle`, what the client is held to until the deadline. */
  capacityPerSecond: z.number().positive(),
  issuedAtMs: EpochMsSchema,
  deadlineMs: EpochMsSchema,
  fencingToken: z.int().nonnegative(),
  /** 1 for the first try of this step, more for repeats after a failure. */
  attempt: z.int().positive(),
});
export type ShadowCommand = z.infer<typeof ShadowCommand>;
