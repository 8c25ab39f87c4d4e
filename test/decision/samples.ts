import {
  type DecisionInput,
  DecisionPolicySchema,
  EMPTY_MEMORY,
  policyFor,
  type TierLeadTimes,
} from '../../src/decision/index.js';
import { type Forecast, QUANTILE_LEVELS } from '../../src/domain/index.js';

export const KEY = { application: 'shop', client: '10.0.0.7' };
/** Monday 2026-03-02T12:00:00Z. */
export const NOON_MS = Date.UTC(2026, 2, 2, 12);

export const LEAD_TIMES: TierLeadTimes = {
  hot: { leadTimeMs: 5_000, source: 'configured' },
  suspended: { leadTimeMs: 30_000, source: 'configured' },
  on_demand: { leadTimeMs: 180_000, source: 'configured' },
};

/** One resource serves 100/s and is used up to 80 of them; α = 0.9. */
export function policyWith(overrides: object = {}) {
  return policyFor(DecisionPolicySchema.parse({ capacityPerSecond: 100, ...overrides }), KEY);
}

/** Every step is uniform between `low` and `high`. */
export function uniformForecast(low: number, high: number, overrides: Partial<Forecast> = {}): Forecast {
  const row = QUANTILE_LEVELS.map((level) => low + level * (high - low));
  return {
    ...KEY,
    id: 'fc-1',
    madeAtMs: NOON_MS,
    stepMs: 60_000,
    quantiles: Array.from({ length: 30 }, () => row),
    maxOverLead: { leadMs: 180_000, quantiles: row },
    currentPerSecond: low,
    velocityPerMinute: 0,
    accelerationPerMinute2: 0,
    experts: [{ expert: 'persistence', weightRatio: 1, pinballLoss: 2, isDemoted: false }],
    skillRatio: 0.8,
    historySteps: 500,
    ...overrides,
  };
}

export function inputWith(overrides: Partial<DecisionInput> = {}): DecisionInput {
  return {
    ...KEY,
    nowMs: NOON_MS,
    observedPerSecond: 50,
    forecast: uniformForecast(40, 60),
    usual: null,
    notices: [],
    currentResources: 1,
    quotaLeftResources: null,
    leadTimes: LEAD_TIMES,
    memory: EMPTY_MEMORY,
    ...overrides,
  };
}
