// In: a client's observed rate, its forecast, notices, costs and lead times. Out: a ScalingDecision with its reason and the
// rejected alternatives, and its explanation in words. Pure functions and one small estimator: no clock, no I/O, no commands.

export type { DecisionInput } from './assessment.js';
export { type Capacity, capacityOf } from './capacity.js';
export { decide, isAlert } from './decide.js';
export { explain } from './explain.js';
export {
  type LeadTime,
  type LeadTimeConfig,
  LeadTimeConfigSchema,
  LeadTimes,
  type TierLeadTimes,
} from './lead-time.js';
export { type DecisionMemory, EMPTY_MEMORY, memoryOf, remember } from './memory.js';
export {
  alphaOf,
  type DecisionConfig,
  type DecisionPolicy,
  DecisionPolicySchema,
  policyFor,
} from './policy.js';
export { exceedanceProbability, expectedExcess, quantileAt } from './quantile.js';
export type { UsualDemand } from './target.js';
