import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DAY_MS,
  durationToMs,
  HOUR_MS,
  ManualClock,
  msToDuration,
  msToIso,
  UsageError,
} from '../../src/core/index.js';

describe('durationToMs', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['5min', 300_000],
    ['1h30m', 1.5 * HOUR_MS],
    ['1.5h', 1.5 * HOUR_MS],
    [' 7d ', 7 * DAY_MS],
    ['2w', 14 * DAY_MS],
    ['0s', 0],
  ])('%s', (text, expected) => expect(durationToMs(text)).toBe(expected));

  it.each(['', '5', 's', '-5s', '5 s', '5s banana', '1h 30m', '5S', '1e3s', '.5h'])('refuses %j', (text) => {
    expect(() => durationToMs(text)).toThrow(UsageError);
  });
});

describe('msToDuration', () => {
  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [1_499, '1s'],
    [90_000, '1m30s'],
    [HOUR_MS + 1_000, '1h1s'],
    [DAY_MS + HOUR_MS + 60_000, '1d1h'],
    [-90_000, '-1m30s'],
  ])('%i', (durationMs, expected) => expect(msToDuration(durationMs)).toBe(expected));

  it('is read back as what it was, where two units are enough', () => {
    const duration = fc.tuple(fc.constantFrom(1_000, 60_000, HOUR_MS), fc.integer({ min: 1, max: 59 }));
    fc.assert(
      fc.property(duration, ([unitMs, count]) => {
        expect(durationToMs(msToDuration(unitMs * count))).toBe(unitMs * count);
      }),
    );
  });
});

describe('msToIso', () => {
  it('is in seconds, cut off', () => {
    expect(msToIso(Date.UTC(2026, 2, 1, 12) + 999)).toBe('2026-03-01T12:00:00Z');
  });
});

describe('ManualClock', () => {
  it('stands still, and never runs backwards', () => {
    const clock = new ManualClock(5);
    clock.advanceTo(9);
    clock.advanceTo(7);
    expect(clock.nowMs()).toBe(9);
  });
});
