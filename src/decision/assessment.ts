import type { EpochMs } from '../core/index.js';
import type { ClientKey, DecisionAction, Forecast, Notice, Quantiles, ReasonCode } from '../domain/index.js';
import { type Capacity, capacityOf } from './capacity.js';
import type { TierLeadTimes } from './lead-time.js';
import type { DecisionMemory } from './memory.js';
import { alphaOf, type DecisionPolicy } from './policy.js';
import { certainly } from './quantile.js';
import { maxOver, noticeTarget, predictedTarget, type UsualDemand } from './target.js';

/** Everything that is known about one client at one moment. */
export interface DecisionInput extends ClientKey {
  readonly nowMs: EpochMs;
  /** The rate now, requests/s, as a mean over about a minute; `null` when it was not captured, or captured too badly. */
  readonly observedPerSecond: number | null;
  readonly forecast: Forecast | null;
  /** What is usual for this client; notices count relative to it. */
  readonly usual: UsualDemand | null;
  readonly notices: readonly Notice[];
  /** Resources that serve or are on their way. */
  readonly currentResources: number;
  /** Resources that the shared quota has left for this client; `null`: no shared quota. */
  readonly quotaLeftResources: number | null;
  readonly leadTimes: TierLeadTimes;
  readonly memory: DecisionMemory;
}

/** How far the forecast is relied upon, and why not. */
export type Trust = 'full' | 'missing_data' | 'insufficient_history' | 'prediction_not_better';

/** What the parts of a decision share. */
export interface Assessment {
  readonly input: DecisionInput;
  readonly policy: DecisionPolicy;
  readonly trust: Trust;
  readonly capacity: Capacity;
  /** What one resource may be used for, requests/s. */
  readonly usablePerSecond: number;
  readonly alpha: number;
  readonly leadTimeMs: number;
  readonly reactivePerSecond: number;
  /** `null` without a forecast; it may be there and yet not be relied upon. */
  readonly predictedPerSecond: number | null;
  readonly notice: { readonly perSecond: number; readonly notice: Notice } | null;
  /** The highest of the targets that are relied upon, and which that is. */
  readonly targetPerSecond: number;
  readonly targetReason: 'observed_demand' | 'predicted_demand' | 'notice';
  /** Distribution of the demand to be borne over the lead time; the observed rate for sure where there is no forecast. */
  readonly demand: Quantiles;
}

export interface Verdict {
  readonly action: DecisionAction;
  readonly reason: ReasonCode;
  readonly desiredResources: number;
  /** Why, in one clause. */
  readonly because: string;
}

/** Weighs what is known: how far to rely on it, what it asks for, and how certain that is. */
export function assess(input: DecisionInput, policy: DecisionPolicy): Assessment {
  const { nowMs, forecast, memory } = input;
  const alpha = alphaOf(policy);
  const leadTimeMs = input.leadTimes.on_demand.leadTimeMs;
  const capacity = capacityOf(policy, memory, input.observedPerSecond, nowMs);
  const trust = trustOf(input, policy, capacity);
  const isFresh = forecast !== null && nowMs - forecast.madeAtMs <= policy.maxForecastAgeMs;
  const reactivePerSecond = input.observedPerSecond ?? memory.lastObservedPerSecond ?? 0;
  const predictedPerSecond = isFresh ? predictedTarget(forecast, nowMs, leadTimeMs, alpha) : null;
  const notice = noticeTarget(input.notices, input, input.usual, nowMs, nowMs + leadTimeMs, alpha);
  const isPredictionUsed =
    predictedPerSecond !== null &&
    (trust === 'full' || (trust === 'missing_data' && isSkilled(input, policy)));
  let targetPerSecond = reactivePerSecond;
  let targetReason: Assessment['targetReason'] = 'observed_demand';
  if (isPredictionUsed && predictedPerSecond > targetPerSecond) {
    targetPerSecond = predictedPerSecond;
    targetReason = 'predicted_demand';
  }
  if (notice !== null && notice.perSecond > targetPerSecond) {
    targetPerSecond = notice.perSecond;
    targetReason = 'notice';
  }
  return {
    input,
    policy,
    trust,
    capacity,
    usablePerSecond: capacity.perSecond * policy.targetUtilizationRatio,
    alpha,
    leadTimeMs,
    reactivePerSecond,
    predictedPerSecond,
    notice,
    targetPerSecond,
    targetReason,
    demand: isFresh ? maxOver(forecast, nowMs, leadTimeMs) : certainly(reactivePerSecond),
  };
}

function trustOf(input: DecisionInput, policy: DecisionPolicy, capacity: Capacity): Trust {
  const { forecast, memory, nowMs } = input;
  if (input.observedPerSecond === null) return 'missing_data';
  if (forecast === null) return memory.hasSeenForecast ? 'missing_data' : 'insufficient_history';
  if (nowMs - forecast.madeAtMs > policy.maxForecastAgeMs) return 'missing_data';
  if (capacity.isStillObserved || forecast.historySteps < policy.minHistorySteps)
    return 'insufficient_history';
  // Do no harm: a client whose forecasts lose against "as it is now" is scaled on what is observed.
  return isSkilled(input, policy) ? 'full' : 'prediction_not_better';
}

function isSkilled({ forecast }: DecisionInput, policy: DecisionPolicy): boolean {
  return (
    forecast !== null &&
    forecast.historySteps >= policy.minHistorySteps &&
    (forecast.skillRatio === null || forecast.skillRatio <= 1)
  );
}

/** Resources that `perSecond` takes; a rounding error of the division does not buy another one. */
export function resourcesFor(perSecond: number, usablePerSecond: number, minResources: number): number {
  return Math.max(minResources, Math.ceil(perSecond / usablePerSecond - 1e-9));
}
