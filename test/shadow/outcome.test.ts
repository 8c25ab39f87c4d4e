import { describe, expect, it } from 'vitest';
import type { Outcome, Shadow } from '../../src/domain/index.js';
import { applyOutcome, leadTimeSample, reconcile } from '../../src/shadow/index.js';
import { decisionWith, KEY, POLICY, production, START_MS, shadowIn } from './samples.js';

/** A planned shadow whose warming is under way. */
function warming(): Shadow {
  const decision = decisionWith({ desiredResources: 2 });
  const { shadows } = reconcile({ decision, shadows: [production()], nowMs: START_MS, policy: POLICY });
  return shadows.find((shadow) => shadow.state === 'planned')!;
}

function outcomeOf(shadow: Shadow, kind: Outcome['kind'], overrides: Partial<Outcome> = {}): Outcome {
  return {
    ...KEY,
    commandId: shadow.pendingCommandId ?? 'cmd-old',
    shadowId: shadow.id,
    kind,
    atMs: START_MS + 1000,
    fencingToken: shadow.fencingToken,
    detail: null,
    elapsedMs: 1000,
    ...overrides,
  };
}

describe('applyOutcome', () => {
  it('applies what answers the command in flight', () => {
    const { shadow, effect } = applyOutcome(warming(), outcomeOf(warming(), 'ready'), POLICY);
    expect([shadow.state, shadow.pendingCommandId, effect]).toEqual(['ready', null, 'applied']);
  });

  it.each([
    ['an older command', 'ready', { commandId: 'cmd-older' }],
    ['what cannot follow', 'shifted', {}],
    ['a late failure of an older command', 'failed', { commandId: 'cmd-older', fencingToken: 0 }],
  ] as const)('leaves a shadow alone on a report of %s', (_name, kind, overrides) => {
    const shadow = warming();
    const result = applyOutcome(shadow, outcomeOf(shadow, kind, overrides), POLICY);
    expect(result).toEqual({ shadow, effect: 'stale' });
  });

  it('takes repeated and reordered reports for what they are', () => {
    const before = warming();
    const ready = applyOutcome(before, outcomeOf(before, 'ready'), POLICY).shadow;
    for (const kind of ['ready', 'accepted', 'health'] as const) {
      expect(applyOutcome(ready, outcomeOf(before, kind), POLICY).effect).toBe('stale');
    }
  });

  it('retries with a growing pause, then gives up with the reason', () => {
    let shadow = warming();
    const pauses: number[] = [];
    let nowMs = START_MS;
    while (shadow.state === 'planned') {
      shadow = applyOutcome(
        shadow,
        outcomeOf(shadow, 'failed', { atMs: nowMs, detail: 'no image' }),
        POLICY,
      ).shadow;
      if (shadow.step?.retryAtMs == null) break;
      pauses.push(shadow.step.retryAtMs - nowMs);
      nowMs = shadow.step.retryAtMs;
      const early = reconcile({
        decision: decisionWith({ desiredResources: 2 }),
        shadows: [production(), shadow],
        nowMs: nowMs - 1,
        policy: POLICY,
      });
      expect(early.commands).toEqual([]);
      const due = reconcile({
        decision: decisionWith({ desiredResources: 2 }),
        shadows: [production(), shadow],
        nowMs,
        policy: POLICY,
      });
      expect(due.commands).toMatchObject([{ verb: 'warm', attempt: pauses.length + 1 }]);
      shadow = due.shadows[0]!;
    }
    expect(pauses).toEqual([10_000, 20_000]);
    expect(shadow).toMatchObject({ state: 'failed', failureReason: 'warm failed 3 times: no image' });
  });

  it('knows a loss from an answer', () => {
    const active = shadowIn('active', { fencingToken: 3 });
    const loss = outcomeOf(active, 'failed', { detail: 'host died' });
    expect(applyOutcome(active, loss, POLICY).shadow).toMatchObject({
      state: 'failed',
      failureReason: 'host died',
    });
    const older = outcomeOf(active, 'failed', { fencingToken: 2 });
    expect(applyOutcome(active, older, POLICY)).toEqual({ shadow: active, effect: 'stale' });
  });
});

describe('leadTimeSample', () => {
  const decision = decisionWith({ observedPerSecond: 150, desiredResources: 2 });
  const order = (shadow: Shadow) =>
    reconcile({ decision, shadows: [production(), shadow], nowMs: START_MS, policy: POLICY }).shadows.find(
      (changed) => changed.id === shadow.id,
    )!;

  it('tells which lead time was measured', () => {
    expect(leadTimeSample(warming(), outcomeOf(warming(), 'ready'))).toEqual({
      tier: 'on_demand',
      elapsedMs: 1000,
    });
    const waking = order(shadowIn('suspended'));
    expect(leadTimeSample(waking, outcomeOf(waking, 'ready'))?.tier).toBe('suspended');
    const shifting = order(shadowIn('ready'));
    expect(leadTimeSample(shifting, outcomeOf(shifting, 'shifted'))?.tier).toBe('hot');
    expect(leadTimeSample(shifting, outcomeOf(shifting, 'accepted'))).toBeNull();
  });
});
