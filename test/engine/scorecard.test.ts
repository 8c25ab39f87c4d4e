import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../src/core/index.js';
import { decide } from '../../src/decision/index.js';
import { Scorecard } from '../../src/engine/index.js';
import { inputWith, KEY, NOON_MS, policyWith, uniformForecast } from '../decision/samples.js';
import { shadowIn } from '../shadow/samples.js';

/** A card that knows that one resource serves 100/s. */
function createCard(): Scorecard {
  const card = new Scorecard();
  card.observeDecision(decide(inputWith(), policyWith()), uniformForecast(40, 60));
  return card;
}

const shadow = shadowIn('ready', { ...KEY, id: 'shd-1' });

function observe(card: Scorecard, rates: readonly number[], servingResources = 1, fromMinute = 0): void {
  for (const [minute, rate] of rates.entries()) {
    card.observeDemand(KEY, NOON_MS + (fromMinute + minute) * MINUTE_MS, MINUTE_MS, rate, servingResources);
  }
}

describe('demand', () => {
  it.each<[string, number[], object]>([
    ['nothing', [], { steps: 0, meanPerSecond: 0, peakPerSecond: 0, peakAtMs: null }],
    [
      'a mean and a peak',
      [10, 40, 10],
      { steps: 3, meanPerSecond: 20, peakPerSecond: 40, peakAtMs: NOON_MS + MINUTE_MS },
    ],
    ['the first of equal peaks', [40, 40], { peakPerSecond: 40, peakAtMs: NOON_MS }],
    ['what was not captured is not low', [30, Number.NaN, 50], { steps: 2, meanPerSecond: 40 }],
    ['silence is', [30, 0], { steps: 2, meanPerSecond: 15 }],
    ['what is at the capacity is served', [100, 99], { unservedMinutes: 0 }],
    ['what is above is not', [100.5, 120, 99], { unservedMinutes: 2 }],
  ])('%s', (_, rates, expected) => {
    const card = createCard();
    observe(card, rates);
    expect(card.scores()).toMatchObject([{ ...KEY, ...expected }]);
  });

  it('counts unserved minutes by steps of any length and by what serves', () => {
    const card = createCard();
    card.observeDemand(KEY, NOON_MS, 5 * MINUTE_MS, 150, 1);
    card.observeDemand(KEY, NOON_MS + 5 * MINUTE_MS, 5 * MINUTE_MS, 150, 2);
    expect(card.scores()[0]!.unservedMinutes).toBe(5);
  });
});

describe('readiness', () => {
  it.each<[string, number[], number | null]>([
    ['is needed when one resource does not suffice', [80, 100, 101, 200], 2],
    ['is not needed while it does', [80, 100], null],
  ])('%s', (_, rates, neededMinute) => {
    const card = createCard();
    card.observeReady(shadow, NOON_MS - MINUTE_MS, 2);
    observe(card, rates, 2);
    expect(card.scores()[0]!.readiness).toEqual([
      {
        shadowId: 'shd-1',
        readyAtMs: NOON_MS - MINUTE_MS,
        neededAtMs: neededMinute === null ? null : NOON_MS + neededMinute * MINUTE_MS,
      },
    ]);
  });

  it('ends with the shadow: later demand is not what it was made for', () => {
    const card = createCard();
    card.observeReady(shadow, NOON_MS, 2);
    card.observeGone(shadow);
    observe(card, [150]);
    expect(card.scores()[0]!.readiness).toMatchObject([{ neededAtMs: null }]);
  });

  it('counts from the last time it was woken before it was needed', () => {
    const card = createCard();
    card.observeReady(shadow, NOON_MS, 2);
    card.observeReady(shadow, NOON_MS + MINUTE_MS, 2);
    observe(card, [150], 2, 3);
    card.observeReady(shadow, NOON_MS + 9 * MINUTE_MS, 2);
    expect(card.scores()[0]!.readiness).toEqual([
      { shadowId: 'shd-1', readyAtMs: NOON_MS + MINUTE_MS, neededAtMs: NOON_MS + 3 * MINUTE_MS },
    ]);
  });

  it('is bounded: the oldest goes first', () => {
    const card = createCard();
    for (let index = 0; index < 300; index++)
      card.observeReady({ ...shadow, id: `shd-${index}` }, NOON_MS, 2);
    const { readiness } = card.scores()[0]!;
    expect(readiness).toHaveLength(256);
    expect(readiness.at(-1)!.shadowId).toBe('shd-299');
  });
});

describe('decisions and clients', () => {
  it('counts changes, not what holds', () => {
    const card = new Scorecard();
    const decision = decide(inputWith(), policyWith());
    for (const action of ['scale_out', 'scale_out', 'hold', 'scale_in'] as const) {
      card.observeDecision({ ...decision, action }, null);
    }
    expect(card.scores()).toMatchObject([{ scaleOuts: 2, scaleIns: 1, skillRatio: null }]);
  });

  it('puts the client with the most demand first', () => {
    const card = new Scorecard();
    for (const [client, rate] of [
      ['a', 3],
      ['b', 9],
      ['c', 6],
    ] as const) {
      card.observeDemand({ application: 'shop', client }, NOON_MS, MINUTE_MS, rate, 1);
    }
    expect(card.scores().map((score) => score.client)).toEqual(['b', 'c', 'a']);
  });
});
