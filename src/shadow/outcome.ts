import type { DurationMs, EpochMs } from '../core/index.js';
import type { CommandVerb, Outcome, Shadow, Tier } from '../domain/index.js';
import type { ShadowPolicy } from './policy.js';
import { FULFILMENT, stateAfter, transition } from './transition.js';

/**
 * Steps that are given up after some failures. The others are tried until they succeed: a resource that cannot be cooled still
 * serves, and one that cannot be retired is still paid for.
 */
const LIMITED_VERBS: readonly CommandVerb[] = ['warm', 'shift'];

/** Beyond it 2^attempt says nothing new. */
const MAX_DOUBLINGS = 20;

export interface LeadTimeSample {
  readonly tier: Tier;
  readonly elapsedMs: DurationMs;
}

export interface OutcomeEffect {
  readonly shadow: Shadow;
  /** `stale`: of an older command or already known; nothing changed. */
  readonly effect: 'applied' | 'stale';
}

/**
 * The shadow after a report. Repeated, late and reordered reports change nothing; what they would have told is found out by the
 * next command, which a provisioner answers from what already is. A `failed` that answers no command means the resource is lost.
 */
export function applyOutcome(shadow: Shadow, outcome: Outcome, policy: ShadowPolicy): OutcomeEffect {
  const { step } = shadow;
  if (outcome.kind === 'failed' && isLoss(shadow, outcome)) {
    const reason = outcome.detail ?? 'the resource was lost';
    return { shadow: transition(shadow, { kind: 'lost', atMs: outcome.atMs, reason }), effect: 'applied' };
  }
  if (outcome.commandId !== shadow.pendingCommandId || step === null) return { shadow, effect: 'stale' };
  if (outcome.kind === 'failed') {
    return {
      shadow: failStep(shadow, outcome.detail ?? 'no reason given', outcome.atMs, policy),
      effect: 'applied',
    };
  }
  if (stateAfter(shadow, `${step.verb}.${outcome.kind}`) === null) return { shadow, effect: 'stale' };
  const after = transition(shadow, { kind: 'answered', outcome: outcome.kind, atMs: outcome.atMs });
  return { shadow: after, effect: 'applied' };
}

/**
 * What an outcome teaches about lead times, given the shadow it is about as it was before: creating is `on_demand`, waking
 * `suspended`, taking traffic `hot`. `null` if it is no fulfilment of such an order.
 */
export function leadTimeSample(shadow: Shadow, outcome: Outcome): LeadTimeSample | null {
  const { step } = shadow;
  if (
    step === null ||
    outcome.commandId !== shadow.pendingCommandId ||
    outcome.kind !== FULFILMENT[step.verb]
  )
    return null;
  if (step.verb === 'shift') return { tier: 'hot', elapsedMs: outcome.elapsedMs };
  if (step.verb !== 'warm') return null;
  const origin = shadow.history.findLast(({ state }) => state === 'planned' || state === 'suspended');
  return { tier: origin?.state === 'suspended' ? 'suspended' : 'on_demand', elapsedMs: outcome.elapsedMs };
}

/** Nothing is under way with it, and whoever reports knows of no newer command. */
function isLoss(shadow: Shadow, outcome: Outcome): boolean {
  return (
    shadow.step === null &&
    outcome.fencingToken === shadow.fencingToken &&
    stateAfter(shadow, 'lost') !== null
  );
}

/** The step in flight failed, or its deadline passed: it may be tried again after a while, or the shadow is given up. */
export function failStep(shadow: Shadow, reason: string, atMs: EpochMs, policy: ShadowPolicy): Shadow {
  const { step } = shadow;
  if (step === null) return shadow;
  const retryAtMs = atMs + backoffMs(step.attempt, policy);
  const after = transition(shadow, { kind: 'answered', outcome: 'failed', atMs, retryAtMs });
  if (!LIMITED_VERBS.includes(step.verb) || step.attempt < policy.maxAttempts) return after;
  return transition(after, {
    kind: 'given_up',
    atMs,
    reason: `${step.verb} failed ${step.attempt} times: ${reason}`,
  });
}

function backoffMs(attempt: number, policy: ShadowPolicy): DurationMs {
  return Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** Math.min(attempt - 1, MAX_DOUBLINGS));
}
