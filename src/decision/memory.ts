import { DAY_MS, type EpochMs } from '../core/index.js';
import type { ScalingDecision } from '../domain/index.js';
import type { DecisionPolicy } from './policy.js';

/** Rates kept for the cool-down; beyond it the oldest is dropped, which only makes giving up a resource a little earlier. */
export const MAX_RECENT_RATES = 512;
/** Reversals kept; more than any sensible flap budget. */
export const MAX_REVERSALS = 128;

/** What deciding for one client has to remember. All of it follows from the client's decisions, so the ledger restores it. */
export interface DecisionMemory {
  /** When demand was observed first, and the highest rate within the first observation period, requests/s. */
  readonly firstObservedAtMs: EpochMs | null;
  readonly firstPeakPerSecond: number;
  readonly lastObservedPerSecond: number | null;
  /** Resources wanted when the demand was last known. */
  readonly lastGoodResources: number;
  readonly hasSeenForecast: boolean;
  readonly lastScaleOutAtMs: EpochMs | null;
  readonly lastDirection: 'scale_out' | 'scale_in' | null;
  /** Changes of direction within the last day, oldest first. */
  readonly reversalsMs: readonly EpochMs[];
  /** Observed rates of the last cool-down that no later one exceeds, oldest (and highest) first. */
  readonly recentRates: readonly { readonly atMs: EpochMs; readonly perSecond: number }[];
}

export const EMPTY_MEMORY: DecisionMemory = Object.freeze({
  firstObservedAtMs: null,
  firstPeakPerSecond: 0,
  lastObservedPerSecond: null,
  lastGoodResources: 0,
  hasSeenForecast: false,
  lastScaleOutAtMs: null,
  lastDirection: null,
  reversalsMs: [],
  recentRates: [],
});

/** The memory after one more decision. Pure; a decision that is not newer than the last changes nothing that matters. */
export function remember(
  memory: DecisionMemory,
  decision: ScalingDecision,
  policy: DecisionPolicy,
): DecisionMemory {
  const { decidedAtMs, observedPerSecond, action } = decision;
  const isObserved = observedPerSecond !== null;
  const direction = action === 'hold' ? memory.lastDirection : action;
  const isReversal = memory.lastDirection !== null && direction !== memory.lastDirection;
  return {
    firstObservedAtMs: memory.firstObservedAtMs ?? (isObserved ? decidedAtMs : null),
    firstPeakPerSecond:
      isObserved && isInObservation(policy, memory, decidedAtMs)
        ? Math.max(memory.firstPeakPerSecond, observedPerSecond)
        : memory.firstPeakPerSecond,
    lastObservedPerSecond: observedPerSecond ?? memory.lastObservedPerSecond,
    lastGoodResources: isObserved ? decision.desiredResources : memory.lastGoodResources,
    hasSeenForecast: memory.hasSeenForecast || decision.forecastId !== null,
    lastScaleOutAtMs: action === 'scale_out' ? decidedAtMs : memory.lastScaleOutAtMs,
    lastDirection: direction,
    reversalsMs: isReversal
      ? [...memory.reversalsMs, decidedAtMs]
          .filter((atMs) => atMs > decidedAtMs - DAY_MS)
          .slice(-MAX_REVERSALS)
      : memory.reversalsMs,
    recentRates: isObserved
      ? recentRatesWith(memory.recentRates, decidedAtMs, observedPerSecond, policy.coolDownMs)
      : memory.recentRates,
  };
}

/** The memory that a client's past decisions leave, oldest first: what a restarted engine begins with. */
export function memoryOf(decisions: Iterable<ScalingDecision>, policy: DecisionPolicy): DecisionMemory {
  let memory = EMPTY_MEMORY;
  for (const decision of decisions) memory = remember(memory, decision, policy);
  return memory;
}

/** Whether the first observation period still runs; it begins with the first decision that saw demand. */
export function isInObservation(policy: DecisionPolicy, memory: DecisionMemory, nowMs: EpochMs): boolean {
  return memory.firstObservedAtMs === null || nowMs - memory.firstObservedAtMs < policy.capacityObservationMs;
}

/** The highest rate observed within the last cool-down, requests/s; 0 if none was. */
export function recentPeakPerSecond(memory: DecisionMemory, nowMs: EpochMs, coolDownMs: number): number {
  return memory.recentRates.find((rate) => rate.atMs > nowMs - coolDownMs)?.perSecond ?? 0;
}

/** How often the direction changed within the last day. */
export function reversalsWithinDay(memory: DecisionMemory, nowMs: EpochMs): number {
  return memory.reversalsMs.reduce((count, atMs) => (atMs > nowMs - DAY_MS ? count + 1 : count), 0);
}

function recentRatesWith(
  rates: DecisionMemory['recentRates'],
  atMs: EpochMs,
  perSecond: number,
  coolDownMs: number,
): DecisionMemory['recentRates'] {
  let start = 0;
  while (start < rates.length && rates[start]!.atMs <= atMs - coolDownMs) start++;
  let end = rates.length;
  while (end > start && rates[end - 1]!.perSecond <= perSecond) end--;
  const kept = rates.slice(Math.max(start, end - MAX_RECENT_RATES + 1), end);
  kept.push({ atMs, perSecond });
  return kept;
}
