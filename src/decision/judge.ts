import type { ReasonCode } from '../domain/index.js';
import { type Assessment, resourcesFor, type Verdict } from './assessment.js';
import { considerScaleIn } from './scale-in.js';

/** How many resources it shall be, and the one reason why. */
export function judge(assessment: Assessment): Verdict {
  const { input, policy, trust, usablePerSecond, targetPerSecond } = assessment;
  const { currentResources: current, memory } = input;
  const wanted = resourcesFor(targetPerSecond, usablePerSecond, policy.minResources);
  const held = Math.max(current, memory.lastGoodResources);
  if (trust === 'missing_data' || trust === 'insufficient_history') {
    // What cannot be judged is not taken away: the larger of what there is, what last was right, and what is seen now.
    if (wanted <= held) return hold(assessment, held, trust, becauseOfTrust(trust));
    if (assessment.capacity.isStillObserved) {
      return hold(assessment, held, trust, 'what one resource serves is still being observed');
    }
  }
  if (wanted > current) return scaleOut(assessment, wanted);
  const calm = trust === 'prediction_not_better' ? trust : 'within_capacity';
  if (wanted === current) {
    return hold(assessment, current, calm, `${current} of them bear the target`);
  }
  return considerScaleIn(assessment, calm);
}

function scaleOut(assessment: Assessment, wanted: number): Verdict {
  const { input, policy, usablePerSecond, targetPerSecond, targetReason } = assessment;
  const current = input.currentResources;
  const bearablePerSecond = current * usablePerSecond * (1 + policy.toleranceRatio);
  if (current >= policy.minResources && targetPerSecond <= bearablePerSecond) {
    return hold(
      assessment,
      current,
      'within_hysteresis',
      'the target exceeds them by less than the tolerance',
    );
  }
  const because = `the ${TARGET_NAME[targetReason]} is more than ${current} of them bear`;
  const cap = capOf(assessment);
  if (wanted <= cap.resources) {
    return { action: 'scale_out', reason: targetReason, desiredResources: wanted, because };
  }
  const desiredResources = Math.max(current, cap.resources);
  return {
    action: desiredResources > current ? 'scale_out' : 'hold',
    reason: cap.reason,
    desiredResources,
    because: `${because}; ${wanted} were wanted but the ${cap.name} allows ${cap.resources}`,
  };
}

const TARGET_NAME = {
  observed_demand: 'observed demand',
  predicted_demand: 'predicted demand',
  notice: 'announced demand',
};

function capOf({ input, policy }: Assessment): {
  readonly resources: number;
  readonly reason: 'capped_by_quota' | 'capped_by_budget';
  readonly name: string;
} {
  const quota = Math.min(
    policy.maxResources,
    input.quotaLeftResources === null ? Infinity : input.currentResources + input.quotaLeftResources,
  );
  const budget =
    policy.budgetPerHour === null
      ? Infinity
      : Math.max(policy.minResources, Math.floor(policy.budgetPerHour / (policy.overCostPerUnitMinute * 60)));
  return budget < quota
    ? { resources: budget, reason: 'capped_by_budget', name: 'budget' }
    : { resources: quota, reason: 'capped_by_quota', name: 'quota' };
}

/** Nothing changes, except that what was lost below the last good number is wanted again. */
function hold(
  { input, policy }: Assessment,
  resources: number,
  reason: ReasonCode,
  because: string,
): Verdict {
  const wanted = Math.max(resources, policy.minResources);
  return wanted > input.currentResources
    ? { action: 'scale_out', reason, desiredResources: wanted, because }
    : { action: 'hold', reason, desiredResources: wanted, because };
}

function becauseOfTrust(trust: 'missing_data' | 'insufficient_history'): string {
  return trust === 'missing_data'
    ? 'demand or forecast is missing, and capacity is not reduced blindly'
    : 'there is too little history to judge by';
}
