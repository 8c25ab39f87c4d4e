// In: a client's latest decision, its shadows as they are, and the outcomes of earlier commands. Out: the shadows as they become
// and the commands to give. Pure and level-triggered; it neither publishes, nor stores, nor decides how many are wanted.
export { applyOutcome, type LeadTimeSample, leadTimeSample, type OutcomeEffect } from './outcome.js';
export { type ShadowPolicy, ShadowPolicySchema } from './policy.js';
export { type ReconcileInput, type Reconciliation, reconcile } from './reconcile.js';
export { countResources, discoverResource, isExisting, isHeld, isOrdered, isServing } from './resource.js';
export {
  ALLOWED_VERBS,
  enteredAtMs,
  FULFILMENT,
  IllegalTransitionError,
  type ShadowEvent,
  TRANSITIONS,
  transition,
} from './transition.js';
