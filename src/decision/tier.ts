import { type EpochMs, MINUTE_MS } from '../core/index.js';
import { type Forecast, TIERS, type Tier } from '../domain/index.js';
import type { TierLeadTimes } from './lead-time.js';
import type { DecisionPolicy } from './policy.js';
import { expectedExcess } from './quantile.js';
import { extrapolatedRate, maxOver } from './target.js';

export interface TierChoice {
  readonly tier: Tier;
  /** Expected cost of each tier that was considered, over the time that creating a resource takes. */
  readonly costs: Readonly<Partial<Record<Tier, number>>>;
}

/**
 * How the next resource should wait until it is needed. A tier costs what holding it costs while a new one would be created, plus
 * the demand that goes unserved in the tier's own lead time: the faster demand grows past what there is, the dearer it is to have
 * nothing at hand. E.g. demand that stays below capacity makes `on_demand` free; +60/s a minute at a lead of 3 min makes `hot` pay.
 */
export function chooseTier(
  forecast: Forecast | null,
  usablePerSecond: number,
  currentResources: number,
  leadTimes: TierLeadTimes,
  policy: DecisionPolicy,
  nowMs: EpochMs,
): TierChoice {
  const cheapestFirst: readonly Tier[] = ['on_demand', 'suspended', 'hot'];
  const createMinutes = leadTimes.on_demand.leadTimeMs / MINUTE_MS;
  const heldRatio: Record<Tier, number> = {
    hot: 1,
    suspended: policy.suspendedIdleRatio,
    on_demand: 0,
  };
  const costs: Partial<Record<Tier, number>> = {};
  let tier: Tier | null = null;
  for (const candidate of cheapestFirst) {
    if (!policy.tiers.includes(candidate)) continue;
    const { leadTimeMs } = leadTimes[candidate];
    const held = heldRatio[candidate] * policy.overCostPerUnitMinute * createMinutes;
    const shortUnits =
      forecast === null
        ? 0
        : unitsShort(forecast, nowMs, leadTimeMs, currentResources * usablePerSecond) / usablePerSecond;
    const cost = held + shortUnits * policy.underCostPerUnitMinute * (leadTimeMs / MINUTE_MS);
    costs[candidate] = cost;
    if (tier === null || cost < costs[tier]!) tier = candidate;
  }
  return { tier: tier ?? TIERS[2], costs };
}

/** Expected demand beyond `servedPerSecond` within the lead, requests/s: the forecast's, and no less than the present growth. */
function unitsShort(forecast: Forecast, nowMs: EpochMs, leadTimeMs: number, servedPerSecond: number): number {
  return Math.max(
    expectedExcess(maxOver(forecast, nowMs, leadTimeMs), servedPerSecond),
    extrapolatedRate(forecast, leadTimeMs) - servedPerSecond,
    0,
  );
}
