import { z } from 'zod';
import { BehaviorConfigSchema } from '../behavior/index.js';
import { IdentityConfig, WindowConfig } from '../dataplane/index.js';
import { DecisionPolicySchema, LeadTimeConfigSchema } from '../decision/index.js';
import { EngineConfigSchema } from '../engine/index.js';
import { EventConfigSchema } from '../event/index.js';
import { ForecastConfigSchema, MAX_HORIZON_STEPS } from '../forecast/index.js';
import { ProvisionConfigSchema } from '../provision/index.js';
import { ShadowPolicySchema } from '../shadow/index.js';
import { StoreConfigSchema } from '../store/index.js';

/** The whole configuration: one slice a room, each declared beside the code that it steers. */
export const ConfigSchema = z
  .strictObject({
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
  })
  .refine(({ behavior, window }) => behavior.gridStep % window.stepMs === 0, {
    path: ['behavior', 'gridStep'],
    error: 'gridStep must be a multiple of window.step',
  })
  .refine(({ behavior, leadTime }) => leadTime.priorMs.on_demand <= MAX_HORIZON_STEPS * behavior.gridStep, {
    path: ['leadTime', 'onDemand'],
    error: `onDemand must not exceed ${MAX_HORIZON_STEPS} steps of behavior.gridStep`,
  });
export type Config = z.infer<typeof ConfigSchema>;
