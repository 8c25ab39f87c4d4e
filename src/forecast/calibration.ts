import { QUANTILE_LEVELS } from '../domain/index.js';
import { raiseToMonotone } from './quantile.js';
import { SortedWindow } from './sorted-window.js';

const LEVELS = QUANTILE_LEVELS.length;
const MEDIAN = QUANTILE_LEVELS.indexOf(0.5);
const UPPER = QUANTILE_LEVELS.indexOf(0.9);

const WINDOW_STEPS = 500;
/** The prior (the highest quantile of any step) fades while this many maxima are observed; then it is gone, biased as it may be. */
const PRIOR_STEPS = 40;
/** How far one miss moves the level that is read: γ of Gibbs and Candès, who use 0.005. */
const ADAPTATION_RATE = 0.005;
/** Errors beyond this many widths are kept as if they were that size: one burst out of rest must not rule the busy hours. */
const MAX_NORMALIZED_ERROR = 100;
/** The width is at least this share of the center (and one request a step): steps that are too sure would make errors endless. */
const MIN_WIDTH_RATIO = 0.05;

/** What was expected of a maximum when it was forecast; scored when it has happened. */
export interface MaxExpectation {
  /** Highest median of any step, requests/s. */
  center: number;
  /** Distance from there to the highest 0.9 quantile of any step, requests/s; positive. */
  width: number;
}

/**
 * Quantiles of the maximum over some steps, corrected online by what the maxima came to be: the empirical quantiles of past
 * errors in units of the forecast's own width (split conformal), read at levels that adapt to misses (adaptive conformal inference:
 * Gibbs, Candès, "Adaptive Conformal Inference Under Distribution Shift", NeurIPS 2021).
 */
export class MaxCalibrator {
  private readonly window = new SortedWindow(WINDOW_STEPS);
  private readonly readLevels = Float64Array.from(QUANTILE_LEVELS);

  /**
   * Writes one value for each level at `at`: non-decreasing, non-negative. `highest` holds, for each level, the highest value of any
   * step. Returns what to {@link record} with the outcome.
   */
  writeRow(highest: Float64Array, unitPerSecond: number, out: Float64Array, at: number): MaxExpectation {
    const center = highest[MEDIAN]!;
    const width = Math.max(highest[UPPER]! - center, MIN_WIDTH_RATIO * center, unitPerSecond);
    const trust = Math.min(1, this.window.count / PRIOR_STEPS);
    for (let i = 0; i < LEVELS; i++) {
      const learned = trust > 0 ? center + width * this.window.quantile(this.readLevels[i]!) : 0;
      out[at + i] = trust * learned + (1 - trust) * highest[i]!;
    }
    raiseToMonotone(out, at, LEVELS);
    return { center, width };
  }

  /** Learns from a maximum that has happened: what was expected and the row given for it, which starts at `at`. */
  record(actualPerSecond: number, { center, width }: MaxExpectation, rows: Float64Array, at: number): void {
    for (let i = 0; i < LEVELS; i++) {
      const level = QUANTILE_LEVELS[i]!;
      const isCovered = actualPerSecond <= rows[at + i]! ? 1 : 0;
      const adapted = this.readLevels[i]! + ADAPTATION_RATE * (level - isCovered);
      this.readLevels[i] = Math.min(1, Math.max(0, adapted));
    }
    const normalized = (actualPerSecond - center) / width;
    this.window.push(Math.min(MAX_NORMALIZED_ERROR, Math.max(-MAX_NORMALIZED_ERROR, normalized)));
  }
}
