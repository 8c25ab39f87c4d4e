import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/core/index.js';
import { type DecisionMemory, decide, EMPTY_MEMORY, memoryOf, remember } from '../../src/decision/index.js';
import { MAX_RECENT_RATES, recentPeakPerSecond, reversalsWithinDay } from '../../src/decision/memory.js';
import type { ScalingDecision } from '../../src/domain/index.js';
import { inputWith, NOON_MS, policyWith, uniformForecast } from './samples.js';

const policy = policyWith();

function decideThrough(rates: (number | null)[], stepMs: number): [ScalingDecision[], DecisionMemory] {
  let memory: DecisionMemory = EMPTY_MEMORY;
  let currentResources = 1;
  const decisions = rates.map((observedPerSecond, index) => {
    const nowMs = NOON_MS + index * stepMs;
    const rate = observedPerSecond ?? 0;
    const forecast = uniformForecast(rate, rate, { madeAtMs: nowMs });
    const decision = decide(
      inputWith({ nowMs, observedPerSecond, forecast, memory, currentResources }),
      policy,
    );
    memory = remember(memory, decision, policy);
    currentResources = decision.desiredResources;
    return decision;
  });
  return [decisions, memory];
}

describe('DecisionMemory', () => {
  it('is restored from the ledger as it was', () => {
    const [decisions, memory] = decideThrough([50, 150, null, 240, 30, 30, 160, null, 20], 7 * MINUTE_MS);
    expect(memoryOf(decisions, policy)).toEqual(memory);
    // ... and survives the way through JSON.
    expect(memoryOf(JSON.parse(JSON.stringify(decisions)), policy)).toEqual(memory);
  });

  it('counts changes of direction and forgets them after a day', () => {
    const [decisions, memory] = decideThrough([50, 150, 20, 150, 20], 20 * MINUTE_MS);
    expect(decisions.map((decision) => decision.action)).toEqual([
      'hold',
      'scale_out',
      'scale_in',
      'scale_out',
      'scale_in',
    ]);
    const lastMs = decisions.at(-1)!.decidedAtMs;
    expect(reversalsWithinDay(memory, lastMs)).toBe(3);
    expect(reversalsWithinDay(memory, lastMs + DAY_MS)).toBe(0);
  });

  it('keeps the highest rate of the cool-down, in bounded space', () => {
    const falling = Array.from({ length: 2 * MAX_RECENT_RATES }, (_, index) => 5_000 - index);
    const [, memory] = decideThrough(falling, 1);
    expect(memory.recentRates).toHaveLength(MAX_RECENT_RATES);
    const [, short] = decideThrough([90, 70, 80, 10], MINUTE_MS);
    const nowMs = NOON_MS + 3 * MINUTE_MS;
    expect(recentPeakPerSecond(short, nowMs, policy.coolDownMs)).toBe(90);
    expect(recentPeakPerSecond(short, nowMs, 2 * MINUTE_MS)).toBe(80);
    expect(recentPeakPerSecond(short, nowMs + HOUR_MS, policy.coolDownMs)).toBe(0);
  });
});
