import type { ScalingDecision, Shadow, ShadowState } from '../../src/domain/index.js';
import { discoverResource, ShadowPolicySchema } from '../../src/shadow/index.js';

export const KEY = { application: 'shop', client: '10.0.0.7' };
export const START_MS = Date.UTC(2026, 2, 2, 12);
export const POLICY = ShadowPolicySchema.parse({});

/** One resource serves 100/s; the next one takes traffic at 80/s. */
export function decisionWith(overrides: Partial<ScalingDecision> = {}): ScalingDecision {
  return {
    ...KEY,
    id: 'dec-1',
    decidedAtMs: START_MS,
    action: 'hold',
    reason: 'within_capacity',
    currentResources: 1,
    desiredResources: 1,
    capacityPerSecond: 100,
    capacitySource: 'configured',
    tier: 'hot',
    leadTimeMs: 180_000,
    leadTimeSource: 'configured',
    alpha: 0.9,
    underCostPerUnitMinute: 9,
    overCostPerUnitMinute: 1,
    predictedPerSecond: null,
    observedPerSecond: 50,
    velocityPerMinute: 0,
    forecastId: null,
    alternatives: [],
    ...overrides,
  };
}

export function production(): Shadow {
  return discoverResource(KEY, { nowMs: START_MS, capacityPerSecond: 100, zone: 'default' });
}

export function shadowIn(state: ShadowState, overrides: Partial<Shadow> = {}): Shadow {
  return {
    ...production(),
    id: `shd-${state}`,
    state,
    failureReason: state === 'failed' ? 'test' : null,
    tier: 'hot',
    decisionId: 'dec-1',
    history: [{ state, atMs: START_MS }],
    ...overrides,
  };
}
