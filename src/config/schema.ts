import { z } from 'zod';
import { BehaviorConfigSchema } from '../behavior/index.js';
import { UsageError } from '../core/index.js';
import { IdentityConfig, WindowConfig } from '../dataplane/index.js';
import {
  type DecisionConfig,
  DecisionPolicySchema,
  LeadTimeConfigSchema,
  policyFor,
} from '../decision/index.js';
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
  })
  .superRefine(({ decision }, context) => {
    for (const [index, message] of findContradictions(decision)) {
      const path = ['decision', ...(index === null ? [] : ['overrides', index])];
      context.addIssue({ code: 'custom', path, message });
    }
  });
export type Config = z.infer<typeof ConfigSchema>;

/**
 * What the decision's thresholds, by themselves (`null`) and with each override, contradict: found at the start instead of at a
 * client's first review.
 */
function* findContradictions(decision: DecisionConfig): Generator<[index: number | null, message: string]> {
  for (const index of [null, ...decision.overrides.keys()]) {
    const { application = '*', client = '*' } = index === null ? {} : decision.overrides[index]!;
    try {
      policyFor(decision, { application, client });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      yield [index, error.message.replace(/^decision: /, '')];
      if (index === null) return;
    }
  }
}
