import { DAY_MS, type DurationMs, type EpochMs, HOUR_MS, MINUTE_MS } from '../core/index.js';
import {
  type BehaviorProfile,
  type ClientKey,
  type Forecast,
  HOURS_PER_WEEK,
  type Notice,
  type Quantiles,
} from '../domain/index.js';
import { normalQuantile, quantileAt } from './quantile.js';

/** What a notice needs to know about a client's usual demand. */
export type UsualDemand = Pick<BehaviorProfile, 'hourOfWeek' | 'requestRate'>;

/**
 * Distribution of the highest rate over the next `spanMs`, requests/s. The forecast states it for its own lead; for other spans the
 * steps' quantiles bound it: level by level the highest step, which for a shorter span is never above the stated one.
 */
export function maxOver(forecast: Forecast, nowMs: EpochMs, spanMs: DurationMs): Quantiles {
  const { leadMs, quantiles: stated } = forecast.maxOverLead;
  const endMs = nowMs + spanMs;
  const statedEndMs = forecast.madeAtMs + leadMs;
  // Within one step of the grid the two cannot be told apart.
  if (Math.abs(endMs - statedEndMs) < forecast.stepMs) return stated;
  const highest = highestStep(forecast, nowMs, endMs);
  if (endMs > statedEndMs) return highest.map((value, index) => Math.max(value, stated[index]!));
  return highest.map((value, index) => Math.min(value, stated[index]!));
}

function highestStep(forecast: Forecast, fromMs: EpochMs, toMs: EpochMs): Quantiles {
  const { madeAtMs, stepMs, quantiles } = forecast;
  const lastStep = quantiles.length - 1;
  const first = clamp(Math.floor((fromMs - madeAtMs) / stepMs), 0, lastStep);
  const last = clamp(Math.ceil((toMs - madeAtMs) / stepMs) - 1, first, lastStep);
  const highest = quantiles[first]?.slice() ?? forecast.maxOverLead.quantiles.slice();
  for (let step = first + 1; step <= last; step++) {
    const row = quantiles[step]!;
    for (let index = 0; index < highest.length; index++) {
      if (row[index]! > highest[index]!) highest[index] = row[index]!;
    }
  }
  return highest;
}

/** The α-quantile of the highest rate over the next `spanMs`, requests/s. */
export function predictedTarget(
  forecast: Forecast,
  nowMs: EpochMs,
  spanMs: DurationMs,
  alpha: number,
): number {
  return quantileAt(maxOver(forecast, nowMs, spanMs), alpha);
}

/** The rate that the present growth leads to after `spanMs`, requests/s; a falling rate counts as the present one. */
export function extrapolatedRate(forecast: Forecast, spanMs: DurationMs): number {
  return forecast.currentPerSecond + Math.max(0, (forecast.velocityPerMinute * spanMs) / MINUTE_MS);
}

/**
 * What notices ask for between `fromMs` and `toMs`: usual × uplift, at the α-quantile of the uplift's uncertainty. The highest of
 * those that concern this client; `null` if none does, or if nothing is known of what is usual.
 */
export function noticeTarget(
  notices: readonly Notice[],
  key: ClientKey,
  usual: UsualDemand | null,
  fromMs: EpochMs,
  toMs: EpochMs,
  alpha: number,
): { readonly perSecond: number; readonly notice: Notice } | null {
  if (usual === null) return null;
  let highest: { perSecond: number; notice: Notice } | null = null;
  for (const notice of notices) {
    if (!concerns(notice, key) || notice.startMs >= toMs || notice.endMs <= fromMs) continue;
    const usualPerSecond = usualRate(usual, Math.max(fromMs, notice.startMs), Math.min(toMs, notice.endMs));
    const spread = Math.max(0, normalQuantile(alpha)) * notice.uncertaintyRatio;
    const perSecond = usualPerSecond * notice.upliftRatio * (1 + spread);
    if (highest === null || perSecond > highest.perSecond) highest = { perSecond, notice };
  }
  return highest;
}

function concerns(notice: Notice, key: ClientKey): boolean {
  return (
    (notice.application === null || notice.application === key.application) &&
    (notice.client === null || notice.client === key.client)
  );
}

/** The highest of the hours' usual rates, and the overall 95 % rate where an hour was never observed, requests/s. */
function usualRate(usual: UsualDemand, fromMs: EpochMs, toMs: EpochMs): number {
  const hours = Math.min(HOURS_PER_WEEK, Math.ceil(toMs / HOUR_MS) - Math.floor(fromMs / HOUR_MS));
  let highest = 0;
  for (let hour = 0; hour < Math.max(1, hours); hour++) {
    const rate = usual.hourOfWeek[hourOfWeekOf(fromMs + hour * HOUR_MS)];
    highest = Math.max(highest, rate ?? usual.requestRate.p95PerSecond);
  }
  return highest;
}

/** Monday 00:00 UTC is hour 0; the epoch began on a Thursday. */
function hourOfWeekOf(timeMs: EpochMs): number {
  return Math.floor((timeMs + 3 * DAY_MS) / HOUR_MS) % HOURS_PER_WEEK;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
