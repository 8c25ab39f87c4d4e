import { QUANTILE_LEVELS } from '../domain/index.js';
import { meanPinballLoss } from './quantile.js';
import { ResidualModel } from './residual.js';

const LEVELS = QUANTILE_LEVELS.length;

/** Losses are remembered for about this many steps: long against noise, short against a change of regime. */
export const LOSS_MEMORY_STEPS = 150;

/** A mean that forgets: recent values count most, the first ones are not diluted by the zero it began with. */
class RecentMean {
  private sum = 0;
  private weight = 0;

  add(value: number): void {
    const keep = 1 - 1 / LOSS_MEMORY_STEPS;
    this.sum = this.sum * keep + value;
    this.weight = this.weight * keep + 1;
  }

  /** `null` before the first value. */
  get value(): number | null {
    return this.weight > 0 ? this.sum / this.weight : null;
  }
}

/**
 * One model at one horizon: its forecasts that wait for their step, the errors from which its quantiles come, and its recent loss
 * beside that of the reference on the same steps.
 */
export class HorizonTrack {
  /** Loss at the step settled last; `NaN` if none was settled. */
  settledLoss = Number.NaN;
  settledCount = 0;
  readonly residual = new ResidualModel();
  private readonly loss = new RecentMean();
  private readonly referenceLoss = new RecentMean();
  private readonly origins: Float64Array;
  private readonly waiting: Float64Array;

  constructor(readonly ahead: number) {
    this.origins = new Float64Array(ahead).fill(Number.NaN);
    this.waiting = new Float64Array(ahead * (LEVELS + 3));
  }

  /** Mean pinball loss, requests/s; `null` before the first. */
  get meanLoss(): number | null {
    return this.loss.value;
  }

  /** Mean loss over that of the reference on the same steps; `null` before the first, 1 where both are zero. */
  get lossRatio(): number | null {
    const own = this.loss.value;
    const reference = this.referenceLoss.value;
    if (own === null || reference === null) return null;
    if (reference > 0) return own / reference;
    return own > 0 ? Number.POSITIVE_INFINITY : 1;
  }

  /** Compares the forecast made for step `index`, if any, with what happened, and learns from it. */
  settle(index: number, ratePerSecond: number): void {
    this.settledLoss = Number.NaN;
    const slot = index % this.ahead;
    if (this.origins[slot] !== index - this.ahead) return;
    const at = slot * (LEVELS + 3);
    const { waiting } = this;
    this.settledLoss = meanPinballLoss(QUANTILE_LEVELS, waiting, at, ratePerSecond);
    this.residual.record(
      ratePerSecond,
      waiting[at + LEVELS]!,
      waiting[at + LEVELS + 1]!,
      waiting[at + LEVELS + 2]!,
    );
    this.settledCount++;
  }

  /** Takes the reference's loss of the same step into account; call after both have settled. */
  compare(referenceLoss: number): void {
    if (Number.isNaN(this.settledLoss) || Number.isNaN(referenceLoss)) return;
    this.loss.add(this.settledLoss);
    this.referenceLoss.add(referenceLoss);
  }

  /** Keeps a row made at `index` for the step `index + ahead`, with the point and scale it was made from. */
  hold(index: number, row: Float64Array, pointPerSecond: number, scalePerSecond: number): void {
    const slot = index % this.ahead;
    const at = slot * (LEVELS + 3);
    this.origins[slot] = index;
    this.waiting.set(row, at);
    this.waiting[at + LEVELS] = pointPerSecond;
    this.waiting[at + LEVELS + 1] = scalePerSecond;
    this.waiting[at + LEVELS + 2] = this.residual.spread;
  }
}
