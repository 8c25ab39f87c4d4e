import { z } from 'zod';
import { ClientKey, EpochMsSchema } from './key.js';
import { Tier } from './shadow.js';

export const DECISION_ACTIONS = ['scale_out', 'scale_in', 'hold'] as const;
export type DecisionAction = (typeof DECISION_ACTIONS)[number];

/** Why the target is what it is. Every decision carries exactly one. */
export const REASON_CODES = [
  'predicted_demand',
  'observed_demand',
  'notice',
  'within_capacity',
  'cooling_down',
  'within_hysteresis',
  'idle_cheaper_than_restart',
  'flap_budget_spent',
  'demand_fell',
  'capped_by_quota',
  'capped_by_budget',
  'insufficient_history',
  'prediction_not_better',
  'missing_data',
] as const;
export const ReasonCode = z.enum(REASON_CODES);
export type ReasonCode = z.infer<typeof ReasonCode>;

/** One answer to "how much capacity", with what it would have meant. */
export const Alternative = z.object({
  policy: z.enum(['reactive', 'predictive', 'notice', 'hold', 'scale_in']),
  /** Requests/s it wants to be able to serve, and the resources that takes. */
  targetPerSecond: z.number().nonnegative(),
  resources: z.int().nonnegative(),
  /** Expected cost over the lead time, in the configured money unit: idle capacity plus unserved demand. */
  expectedCost: z.number().nonnegative(),
  isChosen: z.boolean(),
  /** Why it was chosen or rejected, one clause. */
  because: z.string(),
});
export type Alternative = z.infer<typeof Alternative>;

/** What was decided for one client, with everything that is needed to decide it again. */
export const ScalingDecision = ClientKey.extend({
  id: z.string(),
  decidedAtMs: EpochMsSchema,
  action: z.enum(DECISION_ACTIONS),
  reason: ReasonCode,
  /** Resources now (serving, or on their way) and wanted. */
  currentResources: z.int().nonnegative(),
  desiredResources: z.int().nonnegative(),
  /** What one resource serves, requests/s, and how we know. */
  capacityPerSecond: z.number().positive(),
  capacitySource: z.enum(['configured', 'assumed', 'measured']),
  tier: Tier,
  leadTimeMs: z.int().nonnegative(),
  leadTimeSource: z.enum(['configured', 'measured']),
  /** α = Cu / (Cu + Co): the quantile at which expected costs are least. */
  alpha: z.number().min(0).max(1),
  underCostPerUnitMinute: z.number().nonnegative(),
  overCostPerUnitMinute: z.number().nonnegative(),
  /** The forecast's α-quantile of the maximum over the lead time, requests/s; `null` without a forecast. */
  predictedPerSecond: z.number().nonnegative().nullable(),
  /** The rate now, requests/s; `null` when it was not captured, or captured too badly. */
  observedPerSecond: z.number().nonnegative().nullable(),
  velocityPerMinute: z.number(),
  forecastId: z.string().nullable(),
  alternatives: z.array(Alternative),
});
export type ScalingDecision = z.infer<typeof ScalingDecision>;
