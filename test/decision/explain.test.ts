import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../src/core/index.js';
import { decide, explain } from '../../src/decision/index.js';
import type { Shadow, ShadowCommand } from '../../src/domain/index.js';
import { inputWith, KEY, NOON_MS, policyWith, uniformForecast } from './samples.js';

const forecast = uniformForecast(60, 140, { velocityPerMinute: 6 });
const decision = decide(inputWith({ forecast }), policyWith());
const command: ShadowCommand = {
  ...KEY,
  id: 'cmd-1',
  verb: 'warm',
  shadowId: 'shd-1',
  decisionId: decision.id,
  tier: 'hot',
  zone: 'default',
  capacityPerSecond: 100,
  issuedAtMs: NOON_MS,
  deadlineMs: NOON_MS + 10 * MINUTE_MS,
  fencingToken: 1,
  attempt: 1,
};
const shadow: Shadow = {
  ...KEY,
  id: 'shd-1',
  state: 'active',
  failureReason: null,
  tier: 'hot',
  capacityPerSecond: 100,
  zone: 'default',
  decisionId: decision.id,
  history: [
    { state: 'planned', atMs: NOON_MS },
    { state: 'ready', atMs: NOON_MS + 3 * MINUTE_MS },
    { state: 'shifting', atMs: NOON_MS + 5 * MINUTE_MS },
    { state: 'active', atMs: NOON_MS + 5 * MINUTE_MS + 5000 },
  ],
  fencingToken: 2,
  pendingCommandId: null,
  step: null,
  throttledUntilMs: null,
};

describe('explain', () => {
  it('tells what was known, how surely, the price, the alternatives and what followed', () => {
    const outcome = {
      ...KEY,
      commandId: 'cmd-1',
      shadowId: 'shd-1',
      kind: 'ready' as const,
      atMs: NOON_MS + 3 * MINUTE_MS,
      fencingToken: 1,
      detail: null,
      elapsedMs: 3 * MINUTE_MS,
    };
    const text = explain(decision, forecast, [shadow], [command], [outcome]);
    expect(text).toMatchInlineSnapshot(`
      "Decision dec-5bb3cab3d2b00754 at 2026-03-02T12:00:00Z for client 10.0.0.7 of shop:
        scale out from 1 to 2 resources, because the predicted demand is more than they bear (predicted_demand).
      What was known
        The client sent 50 requests/s, rising by 6/s a minute.
        One resource serves 100 requests/s (as configured).
        A new one takes 3m (configured); whatever is wanted sooner has to be ordered now.
      How sure
        Forecast fc-1, made 0ms before from 500 steps of history; such forecasts have lately erred 0.8 times as much as "as it is now".
        Its experts: persistence 100 %.
        The highest rate within 3m stays, with the probability given, below (requests/s): 10 % 68, 50 % 100, 90 % 132, 95 % 136, 99 % 139.
      What either mistake costs
        A resource's worth of demand unserved costs 9 a minute, an idle resource 1:
        α = 9 / (9 + 1) = 0.9, and that quantile of the forecast is 132 requests/s.
        Resources come whole: what a target takes is rounded up, even where less would cost less on average.
      What was considered
        rejected reactive: 50 requests/s, 1 resource, expected cost 7.68: waits until the demand is there, and a new resource takes 3m.
        chosen   predictive: 132 requests/s, 2 resources, expected cost 2.25: the predicted demand is more than 1 of them bear; suspended is the cheapest tier (on_demand 7.59, suspended 1.87, hot 3.21).
        rejected hold: 80 requests/s, 1 resource, expected cost 7.68: too little for what is to be borne.
      What followed
        2026-03-02T12:00:00Z warm shd-1: ready after 3m.
        shd-1 was ready at 2026-03-02T12:03:00Z, 3m after the decision and 2m before the demand needed it (active now)."
    `);
  });

  it('says so where there is nothing to tell', () => {
    const blind = decide(inputWith({ forecast: null, observedPerSecond: null }), policyWith());
    const text = explain(blind, null, [], [], []);
    expect(text).toContain('The demand was not captured');
    expect(text).toContain('There was no forecast.');
    expect(text).toContain('No command.');
    expect(explain(decision, null, [], [], [])).toContain('no longer stored');
  });
});
