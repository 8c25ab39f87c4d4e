import { MINUTE_MS } from '../core/index.js';
import type { ReasonCode } from '../domain/index.js';
import { type Assessment, resourcesFor, type Verdict } from './assessment.js';
import { recentPeakPerSecond, reversalsWithinDay } from './memory.js';
import { exceedanceProbability, quantileAt } from './quantile.js';
import { maxOver, noticeTarget } from './target.js';

/**
 * The demand would fit into fewer resources now: whether to give some up. Only if nothing in the last cool-down and the upper
 * quantile of nothing in the next one needs them, if keeping them is dearer than starting them again times the probability of
 * that, and if the direction has not changed too often today. Otherwise they stay, and the verdict says why.
 */
export function considerScaleIn(assessment: Assessment, calm: ReasonCode): Verdict {
  const { input, policy, usablePerSecond } = assessment;
  const { currentResources: current, memory, nowMs } = input;
  const stay = (reason: ReasonCode, because: string): Verdict => ({
    action: 'hold',
    reason,
    desiredResources: Math.max(current, policy.minResources),
    because,
  });
  if (current <= policy.minResources) return stay(calm, 'there are no more than the configured minimum');
  if (memory.lastScaleOutAtMs !== null && nowMs - memory.lastScaleOutAtMs < policy.coolDownMs) {
    return stay('cooling_down', 'capacity was added within the cool-down');
  }
  const needPerSecond = needOverCoolDown(assessment);
  if (resourcesFor(needPerSecond, usablePerSecond, policy.minResources) >= current) {
    return stay('cooling_down', 'what was or may be within the cool-down needs them');
  }
  const fewer = resourcesFor(
    needPerSecond / (1 - policy.toleranceRatio),
    usablePerSecond,
    policy.minResources,
  );
  if (fewer >= current) {
    return stay('within_hysteresis', 'the demand is below fewer of them by less than the tolerance');
  }
  const coolDownMinutes = policy.coolDownMs / MINUTE_MS;
  const idleCost = (current - fewer) * policy.overCostPerUnitMinute * coolDownMinutes;
  const restartCost = (current - fewer) * policy.restartCost * needProbability(assessment, fewer);
  if (idleCost <= restartCost) {
    return stay('idle_cheaper_than_restart', 'keeping them is cheaper than probably starting them again');
  }
  const reversals = reversalsWithinDay(memory, nowMs);
  if (reversals >= policy.maxReversalsPerDay) {
    return stay('flap_budget_spent', `the direction changed ${reversals} times within a day`);
  }
  return {
    action: 'scale_in',
    reason: 'demand_fell',
    desiredResources: fewer,
    because: `${fewer} bear what was and what may be within the cool-down`,
  };
}

/** The highest of: observed within the last cool-down, announced for the next, and (where relied upon) its upper quantile. */
function needOverCoolDown({ input, policy, trust, targetPerSecond }: Assessment): number {
  const { nowMs, forecast } = input;
  const notice = noticeTarget(
    input.notices,
    input,
    input.usual,
    nowMs,
    nowMs + policy.coolDownMs,
    policy.scaleInQuantile,
  );
  return Math.max(
    targetPerSecond,
    recentPeakPerSecond(input.memory, nowMs, policy.coolDownMs),
    notice?.perSecond ?? 0,
    trust === 'full' && forecast !== null
      ? quantileAt(maxOver(forecast, nowMs, policy.coolDownMs), policy.scaleInQuantile)
      : 0,
  );
}

/** P(the demand of the next cool-down exceeds what fewer resources bear); even odds where no forecast tells. */
function needProbability({ input, policy, usablePerSecond }: Assessment, resources: number): number {
  if (input.forecast === null) return 0.5;
  const highest = maxOver(input.forecast, input.nowMs, policy.coolDownMs);
  return exceedanceProbability(highest, resources * usablePerSecond);
}
