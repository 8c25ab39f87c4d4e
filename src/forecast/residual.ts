import { QUANTILE_LEVELS } from '../domain/index.js';
import { raiseToMonotone } from './quantile.js';
import { SortedWindow } from './sorted-window.js';

const LEVELS = QUANTILE_LEVELS.length;

/** Errors kept for each model and horizon. The outermost level (0.99) needs about a hundred; more only adapts slower. */
const WINDOW_STEPS = 300;
/** The size of recent errors is followed with about this memory, so that intervals widen within minutes of a rougher time. */
const VOLATILITY_STEPS = 24;
/** Errors beyond this many times their usual size are kept as if they were that size; beyond, nothing is learned. */
const MAX_NORMALIZED_ERROR = 25;
/** The prior below weighs as much as this many observations. */
const PRIOR_STEPS = 8;
/**
 * Before any error is known: quantiles of the error in units of its scale (demand and the client's usual level). Wide: a client that
 * was seen once may well do a quarter or four times as much next.
 */
const PRIOR_OFFSETS = [-0.6, -0.5, -0.35, -0.2, -0.1, 0, 0.1, 0.2, 0.4, 0.75, 1.2, 1.7, 2.5];

/**
 * From a point forecast to quantiles, by the model's own errors at one horizon. An error is divided by the size of demand (forecast
 * and usual level), as errors grow with it, then by the recent mean of such errors; of the outcome the empirical quantiles are kept.
 */
export class ResidualModel {
  private readonly window = new SortedWindow(WINDOW_STEPS);
  private readonly offsets = Float64Array.from(PRIOR_OFFSETS);
  private volatility = 0;
  private longVolatility = 0;
  private count = 0;

  /** Usual size of an error in units of the scale; later passed to {@link record} with the forecast it belonged to. */
  get spread(): number {
    return this.count === 0 ? 1 : Math.max(1e-9, Math.sqrt(this.volatility * this.longVolatility));
  }

  /** Writes one value for each quantile level at `at`: non-decreasing, non-negative. */
  writeRow(pointPerSecond: number, scalePerSecond: number, out: Float64Array, at: number): void {
    for (let i = 0; i < LEVELS; i++) out[at + i] = pointPerSecond + scalePerSecond * this.offsets[i]!;
    raiseToMonotone(out, at, LEVELS);
  }

  /** Learns from what came of a forecast: its point, the scale and the spread of that time, and the actual rate. */
  record(actualPerSecond: number, pointPerSecond: number, scalePerSecond: number, spread: number): void {
    const error = (actualPerSecond - pointPerSecond) / scalePerSecond;
    const size = Math.abs(error);
    const normalized = error / (this.count === 0 ? Math.max(size, 1e-9) : spread);
    this.window.push(Math.min(MAX_NORMALIZED_ERROR, Math.max(-MAX_NORMALIZED_ERROR, normalized)));
    this.count++;
    this.volatility += (size - this.volatility) / Math.min(this.count, VOLATILITY_STEPS);
    this.longVolatility += (size - this.longVolatility) / Math.min(this.count, WINDOW_STEPS);
    const trust = this.count / (this.count + PRIOR_STEPS);
    const current = this.spread;
    this.window.writeQuantiles(QUANTILE_LEVELS, this.offsets);
    for (let i = 0; i < LEVELS; i++) {
      this.offsets[i] = trust * current * this.offsets[i]! + (1 - trust) * PRIOR_OFFSETS[i]!;
    }
  }
}
