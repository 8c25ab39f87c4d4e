import { describe, expect, it } from 'vitest';
import {
  COMMAND_VERBS,
  MAX_SHADOW_HISTORY,
  OUTCOME_KINDS,
  SHADOW_STATES,
  Shadow,
  type ShadowCommand,
} from '../../src/domain/index.js';
import {
  ALLOWED_VERBS,
  FULFILMENT,
  IllegalTransitionError,
  TRANSITIONS,
  transition,
} from '../../src/shadow/index.js';
import { production, START_MS, shadowIn } from './samples.js';

function order(shadow: Shadow, verb: ShadowCommand['verb'], atMs = START_MS): ShadowCommand {
  const { application, client, tier, zone, capacityPerSecond, decisionId } = shadow;
  const fencingToken = shadow.fencingToken + 1;
  return {
    application,
    client,
    id: `cmd-${shadow.id}-${fencingToken}`,
    verb,
    shadowId: shadow.id,
    decisionId,
    tier,
    zone,
    capacityPerSecond,
    issuedAtMs: atMs,
    deadlineMs: atMs + 60_000,
    fencingToken,
    attempt: 1,
  };
}

/** Orders a step and lets it take its course. */
function through(shadow: Shadow, verb: ShadowCommand['verb'], outcomes: string[], atMs = START_MS): Shadow {
  let after = transition(shadow, { kind: 'commanded', command: order(shadow, verb, atMs) });
  for (const outcome of outcomes as ShadowOutcome[]) {
    after = transition(after, { kind: 'answered', outcome, atMs });
    expect(Shadow.parse(after)).toEqual(after);
  }
  return after;
}
type ShadowOutcome = (typeof OUTCOME_KINDS)[number];

describe('the life of a shadow', () => {
  it('goes from planned to gone, beside the first resource (scale out)', () => {
    let shadow = through(shadowIn('planned'), 'warm', ['accepted', 'health', 'ready']);
    shadow = through(shadow, 'shift', ['accepted', 'shifted']);
    expect(shadow.state).toBe('active');
    shadow = through(shadow, 'cool', ['accepted', 'cooled']);
    shadow = through(shadow, 'retire', ['accepted', 'gone']);
    expect(shadow.history.map((entry) => entry.state)).toEqual([
      'planned',
      'provisioning',
      'syncing',
      'ready',
      'shifting',
      'active',
      'cooling',
      'retiring',
      'gone',
    ]);
    expect(shadow).toMatchObject({ pendingCommandId: null, step: null, fencingToken: 4 });
  });

  it('lets the new one take over and the old one go (replace)', () => {
    const fresh = through(shadowIn('ready'), 'shift', ['accepted', 'shifted']);
    const old = through(through(production(), 'cool', ['accepted', 'cooled']), 'retire', [
      'accepted',
      'gone',
    ]);
    expect([fresh.state, old.state]).toEqual(['active', 'gone']);
  });

  it('sleeps and wakes', () => {
    const asleep = through(shadowIn('ready', { tier: 'suspended' }), 'cool', ['accepted', 'cooled']);
    expect(asleep.state).toBe('suspended');
    expect(through(asleep, 'warm', ['accepted']).state).toBe('syncing');
    expect(through(asleep, 'warm', ['ready']).state).toBe('ready');
  });

  it('fails from anywhere but the end, with its reason, and can then be cleaned up', () => {
    for (const state of SHADOW_STATES) {
      const lose = () => transition(shadowIn(state), { kind: 'lost', atMs: START_MS, reason: 'host died' });
      if (['retiring', 'failed', 'gone'].includes(state)) {
        expect(lose).toThrow(IllegalTransitionError);
        continue;
      }
      expect(lose()).toMatchObject({ state: 'failed', failureReason: 'host died' });
      expect(through(lose(), 'retire', ['gone']).state).toBe('gone');
    }
  });

  it('keeps its first state and the latest ones, in bounded space', () => {
    let shadow = shadowIn('ready');
    for (let round = 1; round <= MAX_SHADOW_HISTORY; round++) {
      shadow = through(shadow, 'cool', ['cooled'], START_MS + 2 * round);
      shadow = through(shadow, 'warm', ['ready'], START_MS + 2 * round + 1);
    }
    expect(shadow.history).toHaveLength(MAX_SHADOW_HISTORY);
    expect(shadow.history[0]).toEqual({ state: 'ready', atMs: START_MS });
    expect(shadow.history.at(-1)).toEqual({ state: 'ready', atMs: START_MS + 2 * MAX_SHADOW_HISTORY + 1 });
  });
});

describe('transition', () => {
  it('allows exactly what the tables allow, for every state, order and outcome', () => {
    for (const state of SHADOW_STATES) {
      for (const verb of COMMAND_VERBS) {
        const shadow = shadowIn(state);
        const command = () => transition(shadow, { kind: 'commanded', command: order(shadow, verb) });
        if (!ALLOWED_VERBS[state].includes(verb)) {
          expect(command).toThrow(IllegalTransitionError);
          continue;
        }
        for (const outcome of OUTCOME_KINDS) {
          const answer = () => transition(command(), { kind: 'answered', outcome, atMs: START_MS });
          const next = TRANSITIONS[state][`${verb}.${outcome}`];
          if (next === undefined) expect(answer).toThrow(IllegalTransitionError);
          else expect(answer().state).toBe(next);
        }
        // Every order can end as it should, or fail.
        expect(TRANSITIONS[state][`${verb}.${FULFILMENT[verb]}`]).toBeDefined();
        expect(TRANSITIONS[state][`${verb}.failed`]).toBeDefined();
      }
    }
  });

  it('refuses a second command in flight, an old token, and an answer to nothing', () => {
    const ready = shadowIn('ready');
    const shifting = transition(ready, { kind: 'commanded', command: order(ready, 'shift') });
    expect(() => transition(shifting, { kind: 'commanded', command: order(shifting, 'cool') })).toThrow(
      IllegalTransitionError,
    );
    const stale = { ...order(ready, 'shift'), fencingToken: 0 };
    expect(() => transition(ready, { kind: 'commanded', command: stale })).toThrow(IllegalTransitionError);
    expect(() => transition(ready, { kind: 'answered', outcome: 'shifted', atMs: START_MS })).toThrow(
      /shd-ready is ready and cannot take "shifted"/,
    );
  });

  it('can leave every state but the last', () => {
    for (const state of SHADOW_STATES) {
      const exits = Object.values(TRANSITIONS[state]).filter((next) => next !== state);
      expect(exits.length > 0).toBe(state !== 'gone');
    }
  });
});
