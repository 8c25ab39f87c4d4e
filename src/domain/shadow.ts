import { z } from 'zod';
import { CommandVerb } from './command-verb.js';
import { ClientKey, EpochMsSchema } from './key.js';

/** How a resource is kept before it serves; each tier has its own measured lead time. */
export const TIERS = ['hot', 'suspended', 'on_demand'] as const;
export const Tier = z.enum(TIERS);
export type Tier = z.infer<typeof Tier>;

export const SHADOW_STATES = [
  'planned',
  'provisioning',
  'syncing',
  'ready',
  'suspended',
  'shifting',
  'active',
  'cooling',
  'retiring',
  'gone',
  'failed',
] as const;
export const ShadowState = z.enum(SHADOW_STATES);
export type ShadowState = z.infer<typeof ShadowState>;

/** The step being taken with a shadow: a command in flight, or one that failed and waits to be repeated. */
export const ShadowStep = z.object({
  verb: CommandVerb,
  /** 1 for the first try. */
  attempt: z.int().positive(),
  issuedAtMs: EpochMsSchema,
  /** After this the command is void and counts as failed. */
  deadlineMs: EpochMsSchema,
  /** The earliest time of the next try, once this one has failed; `null` while it is in flight. */
  retryAtMs: EpochMsSchema.nullable(),
});
export type ShadowStep = z.infer<typeof ShadowStep>;

/** The longest history a shadow keeps: its first state and the latest ones. */
export const MAX_SHADOW_HISTORY = 64;

/** A pre-provisioned resource that mirrors a production one; once `active` it is production. */
export const Shadow = ClientKey.extend({
  id: z.string(),
  state: ShadowState,
  /** Why it failed; `null` in any other state. */
  failureReason: z.string().nullable(),
  tier: Tier,
  /** What it can serve, requests/s. */
  capacityPerSecond: z.number().positive(),
  zone: z.string(),
  /** The decision that asked for it. */
  decisionId: z.string(),
  /** When each state was entered, in order; the last one is the current state. */
  history: z.array(z.object({ state: ShadowState, atMs: EpochMsSchema })).max(MAX_SHADOW_HISTORY),
  /** Grows with every command about this shadow; a provisioner refuses an older one. */
  fencingToken: z.int().nonnegative(),
  /** The command that awaits its outcome. */
  pendingCommandId: z.string().nullable(),
  /** What is being done with it; `null` at rest. */
  step: ShadowStep.nullable(),
  /** Until when its client is held to the capacity there is; `null` if it is not. */
  throttledUntilMs: EpochMsSchema.nullable(),
});
export type Shadow = z.infer<typeof Shadow>;
