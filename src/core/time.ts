import { UsageError } from './error.js';

/** Milliseconds since 1970-01-01T00:00:00Z. Packet time on a replay, wall-clock time when live. */
export type EpochMs = number;
/** A span of time in milliseconds. */
export type DurationMs = number;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
export const WEEK_MS = 7 * DAY_MS;

/** Where a process gets its time from. Only the composition root reads a real clock. */
export interface Clock {
  nowMs(): EpochMs;
}

/** A clock that stands still until told: packet time on a replay, and tests. */
export class ManualClock implements Clock {
  constructor(private currentMs: EpochMs = 0) {}

  nowMs(): EpochMs {
    return this.currentMs;
  }

  /** Time never runs backwards: an earlier value is ignored. */
  advanceTo(timeMs: EpochMs): void {
    if (timeMs > this.currentMs) this.currentMs = timeMs;
  }
}

const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: SECOND_MS,
  m: MINUTE_MS,
  min: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: WEEK_MS,
};

/** `"30s"`, `"5m"`, `"1h30m"`, `"7d"` → milliseconds. Throws {@link UsageError} on anything else. */
export function durationToMs(text: string): DurationMs {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|min|s|m|h|d|w)/gy)];
  const consumed = parts.reduce((length, part) => length + part[0].length, 0);
  if (parts.length === 0 || consumed !== text.trim().length) {
    throw new UsageError(
      `"${text}" is not a duration`,
      'Write a number with a unit: 500ms, 30s, 5m, 1h30m, 7d.',
    );
  }
  return parts.reduce((sum, part) => sum + Number(part[1]) * UNIT_MS[part[2]!]!, 0);
}

/** Milliseconds → the shortest exact text of at most two units: `90_000` → `"1m30s"`. */
export function msToDuration(durationMs: DurationMs): string {
  if (durationMs < 0) return `-${msToDuration(-durationMs)}`;
  if (durationMs < SECOND_MS) return `${Math.round(durationMs)}ms`;
  const units: [string, number][] = [
    ['d', DAY_MS],
    ['h', HOUR_MS],
    ['m', MINUTE_MS],
    ['s', SECOND_MS],
  ];
  let restMs = Math.round(durationMs / SECOND_MS) * SECOND_MS;
  const parts: string[] = [];
  for (const [unit, unitMs] of units) {
    const count = Math.floor(restMs / unitMs);
    if (count > 0) parts.push(`${count}${unit}`);
    restMs -= count * unitMs;
    if (parts.length === 2) break;
  }
  return parts.join('');
}

/** `2026-03-01T12:00:00Z`: seconds are enough for people. */
export function msToIso(timeMs: EpochMs): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}
