import { z } from 'zod';
import { BehaviorConfigSchema } from '../behavior/index.js';
import { IdentityConfig, WindowConfig } from '../dataplane/index.js';
import { DecisionPolicySchema, LeadTimeConfigSchema } from '../decision/index.js';
import { EngineConfigSchema } from '../engine/index.js';
import { EventConfigSchema } from '../event/index.js';
import { ForecastConfigSchema } from '../forecast/index.js';
import { ProvisionConfigSchema } from '../provision/index.js';
import { ShadowPolicySchema } from '../shadow/index.js';
import { StoreConfigSchema } from '../store/index.js';

/** The whole configuration: one slice a room, each declared beside the code that it steers. */
export const ConfigSchema = z.strictObject({
  identity: IdentityConfig.prefault({}),
  window: WindowConfig.prefault({}),
  store: StoreConfigSchema.prefault({}),
  behavior: BehaviorConfigSchema.prefault({}),
  forecast: ForecastConfigSchema.prefault({}),
  decision: DecisionPolicySchema.prefault({}),
  leadTime: LeadTimeConfigSchema.prefault({}),
  shadow: ShadowPolicySchema.prefault({}),
  event: EventConfigSchema.prefault({}),
  provision: ProvisionConfigSchema.prefault({}),
  engine: EngineConfigSchema.prefault({}),
});
export type Config = z.infer<typeof ConfigSchema>;
