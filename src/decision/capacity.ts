import type { EpochMs } from '../core/index.js';
import type { ScalingDecision } from '../domain/index.js';
import { type DecisionMemory, isInObservation } from './memory.js';
import type { DecisionPolicy } from './policy.js';

/** A resource is never taken to serve less, requests/s: a client that was silent at first would need thousands of them. */
export const MIN_ASSUMED_CAPACITY_PER_SECOND = 1;

export interface Capacity {
  readonly perSecond: number;
  readonly source: ScalingDecision['capacitySource'];
  /** The first observation period is not over: the figure may still grow, so nothing is scaled upon it. */
  readonly isStillObserved: boolean;
}

/**
 * What one resource serves. Configured, or else assumed: whoever sized the first resource sized it for the demand it had, so it is
 * taken to serve `capacityHeadroomFactor` × the highest rate of the first observation period, and that figure then stays.
 */
export function capacityOf(
  policy: DecisionPolicy,
  memory: DecisionMemory,
  observedPerSecond: number | null,
  nowMs: EpochMs,
): Capacity {
  if (policy.capacityPerSecond !== 'auto') {
    return { perSecond: policy.capacityPerSecond, source: 'configured', isStillObserved: false };
  }
  const isStillObserved = isInObservation(policy, memory, nowMs);
  const peakPerSecond = isStillObserved
    ? Math.max(memory.firstPeakPerSecond, observedPerSecond ?? 0)
    : memory.firstPeakPerSecond;
  return {
    perSecond: Math.max(MIN_ASSUMED_CAPACITY_PER_SECOND, peakPerSecond * policy.capacityHeadroomFactor),
    source: 'assumed',
    isStillObserved,
  };
}
