import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/core/index.js';
import {
  type DecisionInput,
  type DecisionMemory,
  decide,
  EMPTY_MEMORY,
  isAlert,
  remember,
} from '../../src/decision/index.js';
import { type Notice, ScalingDecision } from '../../src/domain/index.js';
import { inputWith, KEY, NOON_MS, policyWith, uniformForecast } from './samples.js';

const settled: DecisionMemory = { ...EMPTY_MEMORY, lastGoodResources: 1, hasSeenForecast: true };

const notice: Notice = {
  id: 'not-1',
  application: 'shop',
  client: null,
  startMs: NOON_MS + MINUTE_MS,
  endMs: NOON_MS + HOUR_MS,
  upliftRatio: 5,
  uncertaintyRatio: 0,
  text: 'sale',
};
const usual = {
  hourOfWeek: Array.from({ length: 168 }, (_, hour) => (hour === 12 ? 40 : 10)),
  requestRate: { meanPerSecond: 10, p50PerSecond: 10, p95PerSecond: 30, peakPerSecond: 50, peakAtMs: 0 },
};

/** Input, policy, and what has to come out. */
const CASES: [string, Partial<DecisionInput>, object, [string, string, number]][] = [
  ['calm demand', {}, {}, ['hold', 'within_capacity', 1]],
  [
    'a rise that is predicted',
    { forecast: uniformForecast(60, 140) }, // 0.9-quantile 132 → 2 × 80
    {},
    ['scale_out', 'predicted_demand', 2],
  ],
  [
    'the same, where idle is as dear as unserved', // 0.5-quantile 100 → 2; 0.1-quantile 68 → 1
    { forecast: uniformForecast(60, 140) },
    { costs: { unservedPerUnitMinute: 1, idlePerUnitMinute: 9 } },
    ['hold', 'within_capacity', 1],
  ],
  ['a rise that is there', { observedPerSecond: 170 }, {}, ['scale_out', 'observed_demand', 3]],
  ['a rise that was announced', { notices: [notice], usual }, {}, ['scale_out', 'notice', 3]],
  [
    'a notice for another application',
    { notices: [{ ...notice, application: 'blog' }], usual },
    {},
    ['hold', 'within_capacity', 1],
  ],
  ['a rise within the tolerance', { observedPerSecond: 85 }, {}, ['hold', 'within_hysteresis', 1]],
  [
    'predictions that lose against observation',
    { forecast: uniformForecast(60, 140, { skillRatio: 1.2 }) },
    {},
    ['hold', 'prediction_not_better', 1],
  ],
  [
    'the same, and the demand is there',
    { forecast: uniformForecast(60, 140, { skillRatio: 1.2 }), observedPerSecond: 100 },
    {},
    ['scale_out', 'observed_demand', 2],
  ],
  ['no forecast yet', { forecast: null }, {}, ['hold', 'insufficient_history', 1]],
  [
    'too short a history',
    { forecast: uniformForecast(60, 140, { historySteps: 3 }) },
    {},
    ['hold', 'insufficient_history', 1],
  ],
  [
    'no forecast any more',
    { forecast: null, memory: { ...settled, lastGoodResources: 3 }, currentResources: 3 },
    {},
    ['hold', 'missing_data', 3],
  ],
  [
    'no demand seen, and fewer resources than were last right',
    { observedPerSecond: null, forecast: null, memory: { ...settled, lastGoodResources: 3 } },
    {},
    ['scale_out', 'missing_data', 3],
  ],
  [
    'no demand seen, but a fresh forecast of a rise',
    { observedPerSecond: null, forecast: uniformForecast(60, 140), memory: settled },
    {},
    ['scale_out', 'predicted_demand', 2],
  ],
  [
    'a forecast that is too old',
    { forecast: uniformForecast(60, 140, { madeAtMs: NOON_MS - HOUR_MS }), memory: settled },
    {},
    ['hold', 'missing_data', 1],
  ],
  ['demand that fell', { currentResources: 3, memory: settled }, {}, ['scale_in', 'demand_fell', 1]],
  [
    'demand that fell just after scaling out',
    { currentResources: 3, memory: { ...settled, lastScaleOutAtMs: NOON_MS - MINUTE_MS } },
    {},
    ['hold', 'cooling_down', 3],
  ],
  [
    'demand that was high a moment ago',
    {
      currentResources: 3,
      memory: { ...settled, recentRates: [{ atMs: NOON_MS - MINUTE_MS, perSecond: 230 }] },
    },
    {},
    ['hold', 'cooling_down', 3],
  ],
  [
    'demand that may well come back',
    {
      currentResources: 3,
      forecast: uniformForecast(0, 250, { velocityPerMinute: -5 }),
      observedPerSecond: 20,
    },
    { costs: { unservedPerUnitMinute: 1, idlePerUnitMinute: 1 } },
    ['hold', 'cooling_down', 3],
  ],
  [
    'restarting that is dearer than idling',
    { currentResources: 3, memory: settled },
    { costs: { restart: 5000 } },
    ['hold', 'idle_cheaper_than_restart', 3],
  ],
  [
    'a flap budget that is spent',
    {
      currentResources: 3,
      memory: { ...settled, reversalsMs: [NOON_MS - 3 * HOUR_MS, NOON_MS - 2 * HOUR_MS] },
    },
    { maxReversalsPerDay: 2 },
    ['hold', 'flap_budget_spent', 3],
  ],
  [
    'more than the maximum',
    { observedPerSecond: 900 },
    { maxResources: 4 },
    ['scale_out', 'capped_by_quota', 4],
  ],
  [
    'more than the shared quota has left',
    { observedPerSecond: 900, quotaLeftResources: 1 },
    {},
    ['scale_out', 'capped_by_quota', 2],
  ],
  [
    'more than the budget pays',
    { observedPerSecond: 900 },
    { budgetPerHour: 130 },
    ['scale_out', 'capped_by_budget', 2],
  ],
  [
    'a cap that is reached already',
    { observedPerSecond: 900 },
    { maxResources: 1 },
    ['hold', 'capped_by_quota', 1],
  ],
  [
    'fewer than the minimum',
    { currentResources: 0 },
    { minResources: 2 },
    ['scale_out', 'predicted_demand', 2],
  ],
];

describe('decide', () => {
  it.each(CASES)('%s', (_name, input, overrides, [action, reason, desired]) => {
    const decision = decide(inputWith(input), policyWith(overrides));
    expect([decision.action, decision.reason, decision.desiredResources]).toEqual([action, reason, desired]);
    expect(ScalingDecision.parse(decision)).toEqual(decision);
    expect(decision.alternatives.filter((alternative) => alternative.isChosen)).toHaveLength(1);
    expect(decision.alternatives.every((alternative) => alternative.because.length > 0)).toBe(true);
  });

  it('alerts exactly when a cap keeps capacity away', () => {
    for (const [, input, overrides, [, reason]] of CASES) {
      const decision = decide(inputWith(input), policyWith(overrides));
      expect(isAlert(decision)).toBe(reason.startsWith('capped_'));
    }
  });

  it('finds the chosen number no dearer than its neighbours at the predicted quantile', () => {
    const decision = decide(inputWith({ forecast: uniformForecast(60, 140) }), policyWith());
    const cost = (policy: string) =>
      decision.alternatives.find((alternative) => alternative.policy === policy)!.expectedCost;
    expect(cost('predictive')).toBeLessThan(cost('hold'));
    // One resource short of 100 ± 40 requests/s: (100 − 80) / 80 units at 9 a minute for 3 minutes, and a little for the spread.
    expect(cost('hold')).toBeGreaterThan(6.7);
    expect(cost('hold')).toBeLessThan(8.5);
  });

  it('waits hot where demand is growing past capacity, on demand where it is not', () => {
    const calm = decide(inputWith(), policyWith());
    expect(calm.tier).toBe('on_demand');
    const soaring = uniformForecast(200, 400, { currentPerSecond: 70, velocityPerMinute: 80 });
    const rising = decide(inputWith({ forecast: soaring }), policyWith());
    expect(rising.tier).toBe('hot');
    expect(decide(inputWith({ forecast: soaring }), policyWith({ tiers: ['on_demand'] })).tier).toBe(
      'on_demand',
    );
    const creeping = uniformForecast(60, 90, { currentPerSecond: 70 });
    expect(
      decide(inputWith({ forecast: creeping }), policyWith({ costs: { suspendedIdleRatio: 0.01 } })).tier,
    ).toBe('suspended');
  });

  it('keeps every promise of safety for any input', () => {
    const inputs = fc.record({
      observedPerSecond: fc.option(fc.double({ min: 0, max: 2000, noNaN: true })),
      currentResources: fc.integer({ min: 0, max: 12 }),
      lastGoodResources: fc.integer({ min: 0, max: 12 }),
      quotaLeftResources: fc.option(fc.integer({ min: 0, max: 5 })),
      skillRatio: fc.option(fc.double({ min: 0, max: 3, noNaN: true })),
      low: fc.double({ min: 0, max: 1000, noNaN: true }),
      spread: fc.double({ min: 0, max: 1000, noNaN: true }),
      hasForecast: fc.boolean(),
    });
    fc.assert(
      fc.property(inputs, ({ low, spread, hasForecast, skillRatio, lastGoodResources, ...rest }) => {
        const policy = policyWith();
        const input = inputWith({
          ...rest,
          forecast: hasForecast ? uniformForecast(low, low + spread, { skillRatio }) : null,
          memory: { ...settled, lastGoodResources },
        });
        const decision = decide(input, policy);
        const current = input.currentResources;
        if (!isAlert(decision)) {
          expect(decision.desiredResources).toBeGreaterThanOrEqual(policy.minResources);
        }
        if (decision.desiredResources > Math.max(current, lastGoodResources)) {
          expect(decision.desiredResources).toBeLessThanOrEqual(policy.maxResources);
        }
        // Missing data never costs capacity.
        if (input.observedPerSecond === null || input.forecast === null) {
          expect(decision.desiredResources).toBeGreaterThanOrEqual(current);
          expect(decision.action).not.toBe('scale_in');
        }
        expect(decision.action).toBe(
          decision.desiredResources > current
            ? 'scale_out'
            : decision.desiredResources < current
              ? 'scale_in'
              : 'hold',
        );
        if (decision.action === 'scale_in') expect(decision.reason).toBe('demand_fell');
      }),
      { numRuns: 500 },
    );
  });
});

describe('an unconfigured capacity', () => {
  const policy = policyWith({ capacityPerSecond: 'auto', capacityObservation: '1h' });

  it('is headroom × the highest rate of the first observation period, and then stays', () => {
    let memory: DecisionMemory = EMPTY_MEMORY;
    const capacities = [20, 60, 40, 300, 300].map((observedPerSecond, index) => {
      const nowMs = NOON_MS + index * 20 * MINUTE_MS;
      const decision = decide(inputWith({ nowMs, observedPerSecond, memory, forecast: null }), policy);
      memory = remember(memory, decision, policy);
      expect(decision.capacitySource).toBe('assumed');
      return decision.capacityPerSecond;
    });
    expect(capacities).toEqual([30, 90, 90, 90, 90]);
  });

  it('is not scaled upon while it is still being observed', () => {
    const decision = decide(inputWith({ ...KEY, forecast: uniformForecast(500, 900) }), policy);
    expect([decision.action, decision.reason]).toEqual(['hold', 'insufficient_history']);
  });
});
