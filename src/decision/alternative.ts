import { MINUTE_MS, msToDuration } from '../core/index.js';
import type { Alternative, Tier } from '../domain/index.js';
import { type Assessment, resourcesFor, type Trust, type Verdict } from './assessment.js';
import { expectedExcess, meanOf } from './quantile.js';
import type { TierChoice } from './tier.js';

type Policy = Alternative['policy'];

/** Every answer that was possible, what it would have cost, and why it was chosen or not. Exactly one is chosen. */
export function listAlternatives(
  assessment: Assessment,
  verdict: Verdict,
  choice: TierChoice,
): Alternative[] {
  const { input, reactivePerSecond, predictedPerSecond, notice, targetPerSecond } = assessment;
  const current = input.currentResources;
  const chosen = chosenPolicy(assessment, verdict);
  const candidates: [Policy, number, number][] = [
    ['reactive', reactivePerSecond, wantedFor(assessment, reactivePerSecond)],
  ];
  if (predictedPerSecond !== null) {
    candidates.push(['predictive', predictedPerSecond, wantedFor(assessment, predictedPerSecond)]);
  }
  if (notice !== null) candidates.push(['notice', notice.perSecond, wantedFor(assessment, notice.perSecond)]);
  candidates.push(['hold', current * assessment.usablePerSecond, current]);
  const fewer =
    verdict.action === 'scale_in' ? verdict.desiredResources : wantedFor(assessment, targetPerSecond);
  if (fewer < current) candidates.push(['scale_in', targetPerSecond, fewer]);
  return candidates.map(([policy, target, wanted]) => {
    const isChosen = policy === chosen;
    const resources = isChosen ? verdict.desiredResources : wanted;
    return {
      policy,
      targetPerSecond: target,
      resources,
      expectedCost: expectedCost(assessment, resources),
      isChosen,
      because: isChosen
        ? verdict.because + tierClause(verdict, choice)
        : whyNot(assessment, verdict, policy, wanted),
    };
  });
}

/**
 * Expected cost over the lead time if the demand stayed at its highest all the while: idle capacity plus unserved demand, in units
 * of one resource. An upper bound for both, and the same for every alternative.
 */
function expectedCost(assessment: Assessment, resources: number): number {
  const { policy, usablePerSecond, demand } = assessment;
  const servedPerSecond = resources * usablePerSecond;
  const unservedPerSecond = expectedExcess(demand, servedPerSecond);
  // E[max(0, n − X)] = n − E[X] + E[max(0, X − n)]
  const idlePerSecond = Math.max(0, servedPerSecond - meanOf(demand) + unservedPerSecond);
  const unitMinutes = assessment.leadTimeMs / MINUTE_MS / usablePerSecond;
  return (
    unitMinutes *
    (policy.overCostPerUnitMinute * idlePerSecond + policy.underCostPerUnitMinute * unservedPerSecond)
  );
}

function chosenPolicy({ targetReason }: Assessment, verdict: Verdict): Policy {
  if (verdict.action === 'scale_in') return 'scale_in';
  const isDriven = verdict.reason === targetReason || verdict.reason.startsWith('capped_');
  if (verdict.action === 'hold' || !isDriven) return 'hold';
  if (targetReason === 'predicted_demand') return 'predictive';
  return targetReason === 'notice' ? 'notice' : 'reactive';
}

function wantedFor({ policy, usablePerSecond }: Assessment, perSecond: number): number {
  return resourcesFor(perSecond, usablePerSecond, policy.minResources);
}

const WHY_NOT_PREDICTIVE: Record<Exclude<Trust, 'full'>, string> = {
  missing_data: 'data or forecast is missing',
  insufficient_history: 'there is too little history to rely on it',
  prediction_not_better: 'its forecasts have lately been worse than "as it is now"',
};

function whyNot(assessment: Assessment, verdict: Verdict, policy: Policy, wanted: number): string {
  const { trust, leadTimeMs } = assessment;
  if (policy === 'predictive' && trust !== 'full') return WHY_NOT_PREDICTIVE[trust];
  if (wanted === verdict.desiredResources) return 'comes to the same number';
  if (verdict.action === 'scale_out' && wanted < verdict.desiredResources) {
    return policy === 'reactive'
      ? `waits until the demand is there, and a new resource takes ${msToDuration(leadTimeMs)}`
      : 'too little for what is to be borne';
  }
  return verdict.because;
}

const TIER_NAME: Record<Tier, string> = {
  hot: 'hot',
  suspended: 'suspended',
  on_demand: 'created on demand',
};

/** E.g. `; waits suspended (expected cost: on demand 3.1, suspended 0.6, hot 3)`. */
function tierClause(verdict: Verdict, { tier, costs }: TierChoice): string {
  if (verdict.action !== 'scale_out') return '';
  const listed = Object.entries(costs).map(([name, cost]) => `${name} ${Number(cost.toPrecision(3))}`);
  return `; ${TIER_NAME[tier]} is the cheapest tier (${listed.join(', ')})`;
}
