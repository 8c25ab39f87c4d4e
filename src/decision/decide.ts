import { createId } from '../core/index.js';
import type { ScalingDecision } from '../domain/index.js';
import { listAlternatives } from './alternative.js';
import { assess, type DecisionInput } from './assessment.js';
import { judge } from './judge.js';
import type { DecisionPolicy } from './policy.js';
import { chooseTier } from './tier.js';

/**
 * Decides how many resources one client is to have. The target is the highest of the observed, the predicted and the announced
 * demand; it is looked for as far ahead as creating a resource takes, since whatever is wanted later can still be ordered later.
 * Pure: the same input gives the same decision.
 */
export function decide(input: DecisionInput, policy: DecisionPolicy): ScalingDecision {
  const assessment = assess(input, policy);
  const { capacity, alpha } = assessment;
  const { forecast } = input;
  const verdict = judge(assessment);
  const choice = chooseTier(
    assessment.trust === 'full' ? forecast : null,
    assessment.usablePerSecond,
    input.currentResources,
    input.leadTimes,
    policy,
    input.nowMs,
  );
  return {
    id: createId('dec', input.application, input.client, input.nowMs),
    application: input.application,
    client: input.client,
    decidedAtMs: input.nowMs,
    action: verdict.action,
    reason: verdict.reason,
    currentResources: input.currentResources,
    desiredResources: verdict.desiredResources,
    capacityPerSecond: capacity.perSecond,
    capacitySource: capacity.source,
    tier: choice.tier,
    leadTimeMs: assessment.leadTimeMs,
    leadTimeSource: input.leadTimes.on_demand.source,
    alpha,
    underCostPerUnitMinute: policy.underCostPerUnitMinute,
    overCostPerUnitMinute: policy.overCostPerUnitMinute,
    predictedPerSecond: assessment.predictedPerSecond,
    observedPerSecond: input.observedPerSecond,
    velocityPerMinute: forecast?.velocityPerMinute ?? 0,
    forecastId: forecast?.id ?? null,
    alternatives: listAlternatives(assessment, verdict, choice),
  };
}

/** Whether a person should hear of this decision: a cap keeps capacity from what the demand asks for. */
export function isAlert(decision: ScalingDecision): boolean {
  return decision.reason === 'capped_by_quota' || decision.reason === 'capped_by_budget';
}
