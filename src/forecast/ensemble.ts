import { type ExpertShare, QUANTILE_LEVELS } from '../domain/index.js';
import { locateKnot } from './horizon.js';
import { HorizonTrack } from './horizon-track.js';
import { raiseToMonotone } from './quantile.js';
import { EXPERT_FACTORIES } from './registry.js';
import type { Expert, ExpertContext } from './types.js';

const LEVELS = QUANTILE_LEVELS.length;
const MEDIAN = QUANTILE_LEVELS.indexOf(0.5);

/** An expert is heard once this many of its forecasts have been compared with what happened. */
const MIN_SETTLED = 24;
/** Weight falls by e for each eighth that the recent loss is above the best expert's. */
const LOSS_SENSITIVITY = 8;
/** What every expert that is not demoted keeps, relative to the best: the hedge against a sudden change of regime. */
const HEDGE_RATIO = 0.02;
/** Demoted above this ratio of its loss to that of persistence; heard again below the second. Apart, so that it does not flicker. */
const DEMOTE_ABOVE_RATIO = 1.02;
const RESTORE_BELOW_RATIO = 1;
/** Share of the ensemble's own residual quantiles; the rest is the weighted mean of the experts' quantiles. */
const OWN_QUANTILE_RATIO = 0.5;
/** The usual level of a client, part of the scale of its errors, is followed with about this memory. */
const LEVEL_STEPS = 500;
/** Further ahead than errors are known (after an outage), the spread grows with the root of the distance, up to this. */
const MAX_WIDENING = 4;

/** One expert's forecast over consecutive steps. */
export interface ExpertForecast {
  readonly expert: string;
  /** Its own point forecast, requests/s, by step. */
  readonly points: Float64Array;
  /** `steps × QUANTILE_LEVELS`, requests/s. */
  readonly rows: Float64Array;
}

interface Member {
  readonly expert: Expert;
  readonly tracks: readonly HorizonTrack[];
  /** By knot; the weights of all members sum to 1 at each. */
  readonly weights: Float64Array;
  readonly isDemoted: boolean[];
}

/**
 * All experts on one client, and their combination: for each horizon the mean of their quantiles, weighted by `exp` of recent pinball
 * loss (exponentially weighted average forecaster, Cesa-Bianchi, Lugosi 2006), half of it replaced by the combination's own
 * residual quantiles, which know that combining reduces the error.
 */
export class Ensemble {
  private readonly members: readonly Member[];
  private readonly combined: readonly HorizonTrack[];
  private readonly knots: readonly number[];
  private readonly unitPerSecond: number;
  private readonly scratch = new Float64Array(LEVELS);
  private readonly otherScratch = new Float64Array(LEVELS);
  private levelPerSecond = 0;
  private count = 0;

  constructor(context: ExpertContext) {
    this.knots = context.knots;
    this.unitPerSecond = context.unitPerSecond;
    const createTracks = () => this.knots.map((knot) => new HorizonTrack(knot));
    this.combined = createTracks();
    this.members = EXPERT_FACTORIES.flatMap((create) => create(context)).map((expert) => ({
      expert,
      tracks: createTracks(),
      weights: new Float64Array(this.knots.length),
      isDemoted: this.knots.map(() => false),
    }));
    this.reference.weights.fill(1);
  }

  /**
   * Takes an observation: settles what was forecast for it, teaches the experts, weighs them, and makes the forecasts that will be
   * settled later. Writes the quantiles at the knots, one row after the other, to `knotRows`.
   */
  observe(index: number, ratePerSecond: number, knotRows: Float64Array): void {
    this.settle(index, ratePerSecond);
    this.count = Math.min(this.count + 1, LEVEL_STEPS);
    this.levelPerSecond += (ratePerSecond - this.levelPerSecond) / this.count;
    for (const { expert } of this.members) expert.observe(index, ratePerSecond);
    const paths = this.forecastPaths(1, this.knots[this.knots.length - 1]!);
    for (let k = 0; k < this.knots.length; k++) {
      this.weigh(k);
      this.holdExperts(index, k, paths);
      this.holdCombined(index, k, paths, knotRows);
    }
  }

  /** Quantiles of the combination for consecutive steps, `steps × QUANTILE_LEVELS`. Needs an observation before. */
  forecast(firstAhead: number, steps: number): Float64Array {
    const rows = new Float64Array(steps * LEVELS);
    const paths = this.forecastPaths(firstAhead, steps);
    for (let i = 0; i < steps; i++) this.writeCombined(firstAhead + i, paths, i, rows, i * LEVELS);
    return rows;
  }

  /** What each expert that has something to say would forecast alone. */
  forecastByExpert(firstAhead: number, steps: number): ExpertForecast[] {
    const paths = this.forecastPaths(firstAhead, steps);
    return this.members.flatMap((member, m) => {
      const points = paths[m];
      if (!points) return [];
      const rows = new Float64Array(steps * LEVELS);
      for (let i = 0; i < steps; i++) {
        this.writeSpread(member.tracks, firstAhead + i, points[i]!, rows, i * LEVELS);
      }
      return [{ expert: member.expert.name, points, rows }];
    });
  }

  /** Who had how much to say in the last forecast, over all horizons, and how well each did of late. */
  get shares(): ExpertShare[] {
    return this.members.map(({ expert, tracks, weights, isDemoted }) => ({
      expert: expert.name,
      weightRatio: Math.min(1, weights.reduce((sum, weight) => sum + weight, 0) / weights.length),
      pinballLoss: meanLossOf(tracks),
      isDemoted: isDemoted.every(Boolean),
    }));
  }

  /** Recent loss of the combination over that of persistence, over all horizons; `null` while unknown. */
  get skillRatio(): number | null {
    const own = meanLossOf(this.combined);
    const reference = meanLossOf(this.reference.tracks);
    return own === null || reference === null || reference === 0 ? null : own / reference;
  }

  /** Persistence: first in the registry. */
  private get reference(): Member {
    return this.members[0]!;
  }

  private settle(index: number, ratePerSecond: number): void {
    for (let k = 0; k < this.knots.length; k++) {
      for (const { tracks } of this.members) tracks[k]!.settle(index, ratePerSecond);
      this.combined[k]!.settle(index, ratePerSecond);
      const referenceLoss = this.reference.tracks[k]!.settledLoss;
      for (const { tracks } of this.members) tracks[k]!.compare(referenceLoss);
      this.combined[k]!.compare(referenceLoss);
    }
  }

  private weigh(k: number): void {
    if (this.reference.tracks[k]!.settledCount < MIN_SETTLED) return;
    let least = Number.POSITIVE_INFINITY;
    for (const { tracks } of this.members) least = Math.min(least, comparableRatio(tracks[k]!) ?? least);
    least = Math.max(least, 1e-9);
    let sum = 0;
    for (const { tracks, weights, isDemoted } of this.members) {
      const ratio = comparableRatio(tracks[k]!);
      isDemoted[k] = ratio !== null && ratio > (isDemoted[k] ? RESTORE_BELOW_RATIO : DEMOTE_ABOVE_RATIO);
      weights[k] =
        ratio === null || isDemoted[k] ? 0 : HEDGE_RATIO + Math.exp(-LOSS_SENSITIVITY * (ratio / least - 1));
      sum += weights[k]!;
    }
    for (const { weights } of this.members) weights[k]! /= sum;
  }

  private forecastPaths(firstAhead: number, steps: number): (Float64Array | null)[] {
    return this.members.map(({ expert }) => {
      const path = new Float64Array(steps);
      return expert.forecast(firstAhead, path) ? path : null;
    });
  }

  private holdExperts(index: number, k: number, paths: readonly (Float64Array | null)[]): void {
    const ahead = this.knots[k]!;
    for (let m = 0; m < this.members.length; m++) {
      const path = paths[m];
      if (!path) continue;
      const { tracks } = this.members[m]!;
      const point = path[ahead - 1]!;
      const scale = this.scaleOf(point);
      tracks[k]!.residual.writeRow(point, scale, this.scratch, 0);
      tracks[k]!.hold(index, this.scratch, point, scale);
    }
  }

  private holdCombined(
    index: number,
    k: number,
    paths: readonly (Float64Array | null)[],
    knotRows: Float64Array,
  ): void {
    const ahead = this.knots[k]!;
    const center = this.writeCombined(ahead, paths, ahead - 1, knotRows, k * LEVELS);
    const row = knotRows.subarray(k * LEVELS, (k + 1) * LEVELS);
    this.combined[k]!.hold(index, row, center, this.scaleOf(center));
  }

  /** Writes the combination's row and returns the median of the experts' mixture, from which its own errors are measured. */
  private writeCombined(
    ahead: number,
    paths: readonly (Float64Array | null)[],
    step: number,
    out: Float64Array,
    at: number,
  ): number {
    const { lower } = locateKnot(this.knots, ahead);
    let heard = 0;
    out.fill(0, at, at + LEVELS);
    for (let m = 0; m < this.members.length; m++) {
      const { tracks, weights } = this.members[m]!;
      const path = paths[m];
      const weight = weights[lower]!;
      if (!path || weight === 0) continue;
      this.writeSpread(tracks, ahead, path[step]!, this.scratch, 0);
      for (let i = 0; i < LEVELS; i++) out[at + i]! += weight * this.scratch[i]!;
      heard += weight;
    }
    // Only who spoke counts; persistence, whose hedge never falls to zero, always does.
    for (let i = 0; i < LEVELS; i++) out[at + i]! /= heard;
    const center = out[at + MEDIAN]!;
    if (this.combined[lower]!.settledCount >= MIN_SETTLED) {
      this.writeSpread(this.combined, ahead, center, this.scratch, 0);
      for (let i = 0; i < LEVELS; i++) out[at + i]! += OWN_QUANTILE_RATIO * (this.scratch[i]! - out[at + i]!);
    }
    raiseToMonotone(out, at, LEVELS);
    return center;
  }

  /** Quantiles around a point at any time ahead, by the errors at the knots around it. */
  private writeSpread(
    tracks: readonly HorizonTrack[],
    ahead: number,
    point: number,
    out: Float64Array,
    at: number,
  ): void {
    const { lower, share } = locateKnot(this.knots, ahead);
    const furthest = this.knots[this.knots.length - 1]!;
    const widening = ahead > furthest ? Math.min(MAX_WIDENING, Math.sqrt(ahead / furthest)) : 1;
    const scale = widening * this.scaleOf(point);
    tracks[lower]!.residual.writeRow(point, scale, out, at);
    if (share === 0) return;
    tracks[lower + 1]!.residual.writeRow(point, scale, this.otherScratch, 0);
    for (let i = 0; i < LEVELS; i++) out[at + i]! += share * (this.otherScratch[i]! - out[at + i]!);
  }

  /** Errors grow with demand: with what is forecast, and with what is usual. */
  private scaleOf(point: number): number {
    return point + this.levelPerSecond + this.unitPerSecond;
  }
}

/** Loss over that of persistence, once there is enough of it to judge by. */
function comparableRatio(track: HorizonTrack): number | null {
  return track.settledCount < MIN_SETTLED ? null : track.lossRatio;
}

function meanLossOf(tracks: readonly HorizonTrack[]): number | null {
  let sum = 0;
  let count = 0;
  for (const { meanLoss } of tracks) {
    if (meanLoss === null) continue;
    sum += meanLoss;
    count++;
  }
  return count > 0 ? sum / count : null;
}
