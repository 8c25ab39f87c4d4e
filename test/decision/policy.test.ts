import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/index.js';
import { alphaOf, DecisionPolicySchema, policyFor } from '../../src/decision/index.js';
import { KEY } from './samples.js';

describe('DecisionPolicySchema', () => {
  it('has a default for everything, durations in milliseconds', () => {
    const policy = policyFor(DecisionPolicySchema.parse({}), KEY);
    expect(policy).toMatchObject({ capacityPerSecond: 'auto', coolDownMs: 600_000, maxResources: 8 });
    expect(alphaOf(policy)).toBe(0.9);
  });

  it('applies the overrides that match, the later one last', () => {
    const config = DecisionPolicySchema.parse({
      coolDown: '5m',
      overrides: [
        { application: 'shop', capacityPerSecond: 50, costs: { unservedPerUnitMinute: 19 } },
        { application: 'shop', client: '10.0.0.7', coolDown: '1h' },
        { client: '10.0.0.8', capacityPerSecond: 1 },
      ],
    });
    const policy = policyFor(config, KEY);
    expect(policy).toMatchObject({
      capacityPerSecond: 50,
      coolDownMs: 3_600_000,
      underCostPerUnitMinute: 19,
      overCostPerUnitMinute: 1,
    });
    expect(policyFor(config, { application: 'blog', client: 'x' })).toMatchObject({
      capacityPerSecond: 'auto',
      coolDownMs: 300_000,
      underCostPerUnitMinute: 9,
    });
  });

  it.each([
    [{ coolDwon: '5m' }],
    [{ coolDown: '5 parsecs' }],
    [{ coolDown: 300 }],
    [{ overrides: [{ capacityPerSecond: 5 }] }],
    [{ overrides: [{ client: 'x', costs: { idle: 1 } }] }],
    [{ costs: { idlePerUnitMinute: 0 } }],
  ])('refuses %j', (slice) => expect(DecisionPolicySchema.safeParse(slice).success).toBe(false));

  it('refuses a minimum above the maximum, naming the client', () => {
    const config = DecisionPolicySchema.parse({ overrides: [{ client: '10.0.0.7', minResources: 20 }] });
    expect(() => policyFor(config, KEY)).toThrow(UsageError);
    expect(() => policyFor(config, KEY)).toThrow(/10\.0\.0\.7/);
  });
});
