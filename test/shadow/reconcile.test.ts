import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../src/core/index.js';
import { type ScalingDecision, Shadow, ShadowCommand } from '../../src/domain/index.js';
import { countResources, reconcile, ShadowPolicySchema } from '../../src/shadow/index.js';
import { decisionWith, POLICY, production, START_MS, shadowIn } from './samples.js';

function verbsFor(
  decision: Partial<ScalingDecision>,
  shadows: Shadow[],
  { nowMs = START_MS, policy = POLICY } = {},
): string[] {
  const result = reconcile({ decision: decisionWith(decision), shadows, nowMs, policy });
  for (const command of result.commands) expect(ShadowCommand.parse(command)).toEqual(command);
  for (const shadow of result.shadows) expect(Shadow.parse(shadow)).toEqual(shadow);
  return result.commands.map(
    (command) => `${command.verb} ${command.shadowId.replace(/-[0-9a-f]{16}$/, '')}`,
  );
}

const longAgo = [{ state: 'cooling' as const, atMs: START_MS - 60 * MINUTE_MS }];

describe('reconcile', () => {
  it.each<[string, Partial<ScalingDecision>, Shadow[], string[]]>([
    ['does nothing where all is well', {}, [production()], []],
    ['warms what is missing', { desiredResources: 3 }, [production()], ['warm shd', 'warm shd']],
    ['waits while it warms', { desiredResources: 2 }, [production(), shadowIn('provisioning')], []],
    ['keeps a ready shadow waiting', { desiredResources: 2 }, [production(), shadowIn('ready')], []],
    [
      'shifts when the demand is there',
      { desiredResources: 2, observedPerSecond: 85 },
      [production(), shadowIn('ready')],
      ['shift shd-ready'],
    ],
    [
      'shifts when the demand is about to be there',
      { desiredResources: 2, observedPerSecond: 75, velocityPerMinute: 20 },
      [production(), shadowIn('ready')],
      ['shift shd-ready'],
    ],
    [
      'does not shift on demand that nobody saw',
      { desiredResources: 2, observedPerSecond: null },
      [production(), shadowIn('ready')],
      [],
    ],
    [
      'wakes a suspended shadow before the demand is there',
      { desiredResources: 2, observedPerSecond: 70, velocityPerMinute: 6 },
      [production(), shadowIn('suspended', { tier: 'suspended' })],
      ['warm shd-suspended'],
    ],
    [
      'retires an idle shadow before it cools a serving one',
      { desiredResources: 2 },
      [production(), shadowIn('active'), shadowIn('ready')],
      ['retire shd-ready'],
    ],
    [
      'cools the latest that serves',
      { desiredResources: 1 },
      [production(), shadowIn('active', { history: [{ state: 'active', atMs: START_MS + 1 }] })],
      ['cool shd-active'],
    ],
    [
      'does not cool what the demand needs, whatever is wanted',
      { desiredResources: 1, observedPerSecond: 150 },
      [production(), shadowIn('active')],
      [],
    ],
    ['lets a cooling one cool', {}, [production(), shadowIn('cooling')], []],
    [
      'retires it after the cool-down',
      {},
      [production(), shadowIn('cooling', { history: longAgo })],
      ['retire shd-cooling'],
    ],
    [
      'takes a cooling one back at once when the demand is there again',
      { desiredResources: 2, observedPerSecond: 120 },
      [production(), shadowIn('cooling')],
      ['shift shd-cooling'],
    ],
    ['cleans up what failed', {}, [production(), shadowIn('failed')], ['retire shd-failed']],
    [
      'does not replace it at once',
      { desiredResources: 2 },
      [production(), shadowIn('failed')],
      ['retire shd-failed'],
    ],
    [
      'throttles where a cap keeps capacity from demand that is there',
      { reason: 'capped_by_quota', observedPerSecond: 150 },
      [production()],
      ['throttle res'],
    ],
    [
      'does not throttle again while it holds',
      { reason: 'capped_by_quota', observedPerSecond: 150 },
      [{ ...production(), throttledUntilMs: START_MS + 1 }],
      [],
    ],
    ['does not throttle what can be served', { reason: 'capped_by_quota' }, [production()], []],
  ])('%s', (_name, decision, shadows, verbs) => expect(verbsFor(decision, shadows)).toEqual(verbs));

  it('reclaims a cooling shadow rather than plan a new one', () => {
    const { shadows, commands } = reconcile({
      decision: decisionWith({ desiredResources: 2 }),
      shadows: [production(), shadowIn('cooling')],
      nowMs: START_MS,
      policy: POLICY,
    });
    expect([commands, shadows.map((shadow) => shadow.state)]).toEqual([[], ['ready']]);
  });

  it('suspends a waiting shadow of that tier, and only that', () => {
    const ready = shadowIn('ready', { tier: 'suspended' });
    const later = { nowMs: START_MS + POLICY.suspendAfterMs };
    expect(verbsFor({ desiredResources: 2 }, [production(), ready])).toEqual([]);
    expect(verbsFor({ desiredResources: 2 }, [production(), ready], later)).toEqual(['cool shd-ready']);
    expect(verbsFor({ desiredResources: 2 }, [production(), shadowIn('ready')], later)).toEqual([]);
    const unseen = { desiredResources: 2, observedPerSecond: null };
    expect(verbsFor(unseen, [production(), ready], later)).toEqual([]);
  });

  it('gives a shadow its full size before it takes traffic', () => {
    const policy = ShadowPolicySchema.parse({ baselineRatio: 0.25 });
    const planned = reconcile({
      decision: decisionWith({ desiredResources: 2 }),
      shadows: [production()],
      nowMs: START_MS,
      policy,
    });
    expect(planned.commands).toMatchObject([{ verb: 'warm', capacityPerSecond: 25 }]);
    const ready = shadowIn('ready', { capacityPerSecond: 25 });
    const demand = decisionWith({ desiredResources: 2, observedPerSecond: 90 });
    const resized = reconcile({ decision: demand, shadows: [production(), ready], nowMs: START_MS, policy });
    expect(resized.commands).toMatchObject([{ verb: 'resize', capacityPerSecond: 100 }]);
    const full = { ...ready, capacityPerSecond: 100 };
    expect(verbsFor(demand, [production(), full], { policy })).toEqual(['shift shd-ready']);
  });

  it('repeats the same ids when it is repeated before anything was kept, and nothing once it was', () => {
    const input = {
      decision: decisionWith({ desiredResources: 3 }),
      shadows: [production()],
      nowMs: START_MS,
      policy: POLICY,
    };
    const first = reconcile(input);
    expect(reconcile(input)).toEqual(first);
    expect(new Set(first.commands.map((command) => command.id)).size).toBe(2);
    const kept = reconcile({ ...input, shadows: [production(), ...first.shadows] });
    expect(kept).toEqual({ shadows: [], commands: [] });
  });

  it('repeats a command whose deadline passed, with a newer token', () => {
    const decision = decisionWith({ desiredResources: 2 });
    const first = reconcile({ decision, shadows: [production()], nowMs: START_MS, policy: POLICY });
    const lostMs = first.commands[0]!.deadlineMs;
    const expired = reconcile({
      decision,
      shadows: [production(), ...first.shadows],
      nowMs: lostMs,
      policy: POLICY,
    });
    expect(expired.commands).toEqual([]);
    const retryMs = expired.shadows[0]!.step!.retryAtMs!;
    const shadows = [production(), ...expired.shadows];
    const again = reconcile({ decision, shadows, nowMs: retryMs, policy: POLICY });
    expect(again.commands).toMatchObject([{ verb: 'warm', attempt: 2, fencingToken: 2 }]);
    expect(again.commands[0]!.id).not.toBe(first.commands[0]!.id);
  });

  it('never exceeds its own bound, whatever is decided', () => {
    const policy = ShadowPolicySchema.parse({ maxResources: 3 });
    const shadows = [production(), shadowIn('cooling', { pendingCommandId: 'x' })];
    const { commands } = reconcile({
      decision: decisionWith({ desiredResources: 50 }),
      shadows,
      nowMs: START_MS,
      policy,
    });
    expect(commands.filter((command) => command.verb === 'warm')).toHaveLength(1);
  });
});

describe('countResources', () => {
  it('counts what serves or is on its way', () => {
    const states = [
      'planned',
      'provisioning',
      'syncing',
      'ready',
      'suspended',
      'shifting',
      'active',
    ] as const;
    expect(countResources(states.map((state) => shadowIn(state)))).toBe(states.length);
    expect(countResources((['cooling', 'retiring', 'failed', 'gone'] as const).map((s) => shadowIn(s)))).toBe(
      0,
    );
  });
});
