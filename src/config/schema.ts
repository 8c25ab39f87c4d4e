import { z } from 'zod';
import { BehaviorConfigSchema } from '../behavior/index.js';
import { msToDuration, UsageError } from '../core/index.js';
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

const Slices = z.strictObject({
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

/**
 * The whole configuration: one slice a room, each declared beside the code that it steers. What slices have to agree on is
 * checked here, so that it fails at the start and not in the middle of a run.
 */
export const ConfigSchema = Slices.superRefine((config, context) => {
  const refuse = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  const { window, behavior, leadTime, decision } = config;
  if (behavior.gridStep % window.stepMs !== 0) {
    const windowStep = msToDuration(window.stepMs);
    refuse(['behavior', 'gridStep'], `must be a multiple of window.step, which is ${windowStep}`);
  }
  if (leadTime.priorMs.on_demand > MAX_HORIZON_STEPS * behavior.gridStep) {
    const reach = msToDuration(MAX_HORIZON_STEPS * behavior.gridStep);
    refuse(
      ['leadTime', 'onDemand'],
      `must not exceed ${MAX_HORIZON_STEPS} steps of behavior.gridStep, which are ${reach}`,
    );
  }
  for (const [index, message] of findContradictions(decision)) {
    refuse(['decision', ...(index === null ? [] : ['overrides', index])], message);
  }
});
export type Config = z.infer<typeof ConfigSchema>;

/** What the decision's thresholds, by themselves (`null`) and with each override, contradict. */
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
