import { z } from 'zod';
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
  history: z.array(z.object({ state: ShadowState, atMs: EpochMsSchema })),
  /** Grows with every command about this shadow; a provisioner refuses an older one. */
  fencingToken: z.int().nonnegative(),
  /** The command that awaits its outcome. */
  pendingCommandId: z.string().nullable(),
});
export type Shadow = z.infer<typeof Shadow>;
