import { type ExpertShare, QUANTILE_LEVELS } from '../domain/index.js';
import { PERSISTENCE } from './expert/persistence.js';
import { locateKnot } from './horizon.js';
import { HorizonTrack } from './horizon-track.js';
import { raiseToMonotone } from './quantile.js';
import { EXPERT_FACTORIES } from './registry.js';
import type { Expert, ExpertContext } from './types.js';

const LEVELS = QUANTILE_LEVELS.length;
const MEDIAN = QUANTILE_LEVELS.indexOf(0.5);

export const TUNE = { kappa: 12, hedge: 0.02, blend: 0.5, demote: 1.02, restore: 1.0, levelShare: 1 };

/** An expert is heard after this many settled forecasts. */
const MIN_SETTLED = 24;
/** Usual level of a client, as part of the scale of errors, follows with about this memory. */
const LEVEL_STEPS = 500;

interface Member {
  readonly expert: Expert;
  readonly tracks: HorizonTrack[];
  /** By knot. */
  readonly weights: Float64Array;
  readonly isDemoted: boolean[];
}

/** Point forecasts and quantile rows of every model at one time ahead. */
export class Ensemble {
  readonly members: Member[];
  private readonly combined: HorizonTrack[];
  private readonly knots: readonly number[];
  private readonly unitPerSecond: number;
  private readonly path: Float64Array;
  private level = 0;
  private count = 0;

  constructor(context: ExpertContext) {
    const { knots } = context;
    this.knots = knots;
    this.unitPerSecond = context.unitPerSecond;
    this.path = new Float64Array(knots[knots.length - 1]!);
    this.combined = knots.map((knot) => new HorizonTrack(knot));
    this.members = EXPERT_FACTORIES.flatMap((create) => create(context)).map((expert) => ({
      expert,
      tracks: knots.map((knot) => new HorizonTrack(knot)),
      weights: new Float64Array(knots.length),
      isDemoted: knots.map(() => false),
    }));
    for (const { expert, weights } of this.members) if (expert.name === PERSISTENCE) weights.fill(1);
  }

  observe(index: number, ratePerSecond: number): void {
    this.settle(index, ratePerSecond);
    this.count = Math.min(this.count + 1, LEVEL_STEPS);
    this.level += (ratePerSecond - this.level) / this.count;
    for (const { expert } of this.members) expert.observe(index, ratePerSecond);
    for (let k = 0; k < this.knots.length; k++) this.weigh(k);
    this.propose(index);
  }

  private settle(index: number, ratePerSecond: number): void {
    const reference = this.members[0]!;
    for (let k = 0; k < this.knots.length; k++) {
      for (const { tracks } of this.members) tracks[k]!.settle(index, ratePerSecond);
      this.combined[k]!.settle(index, ratePerSecond);
      const referenceLoss = reference.tracks[k]!.settledLoss;
      for (const { tracks } of this.members) tracks[k]!.compare(referenceLoss);
      this.combined[k]!.compare(referenceLoss);
    }
  }

  private weigh(k: number): void {
    let best = Number.POSITIVE_INFINITY;
    for (const member of this.members) {
      const { tracks, isDemoted } = member;
      const ratio = tracks[k]!.lossRatio;
      if (ratio === null || tracks[k]!.settledCount < MIN_SETTLED) continue;
      isDemoted[k] = ratio > (isDemoted[k] ? TUNE.restore : TUNE.demote);
      if (ratio < best) best = ratio;
    }
    let sum = 0;
    for (const [position, { tracks, weights, isDemoted }] of this.members.entries()) {
      const ratio = tracks[k]!.lossRatio;
      if (!tracks[k]!.hasRow || ratio === null || tracks[k]!.settledCount < MIN_SETTLED) weights[k] = position === 0 ? 1e-9 : 0;
      else if (isDemoted[k]) weights[k] = 0;
      else weights[k] = TUNE.hedge + Math.exp(-TUNE.kappa * (ratio / best - 1));
      sum += weights[k]!;
    }
    for (const { weights } of this.members) weights[k]! /= sum;
  }

  private propose(index: number): void {
    const { path, knots } = this;
    for (const { expert, tracks } of this.members) {
      const hasPath = expert.forecast(1, path);
      for (let k = 0; k < knots.length; k++) {
        const track = tracks[k]!;
        track.hasRow = hasPath;
        if (!hasPath) continue;
        const point = path[knots[k]! - 1]!;
        const scale = this.scaleOf(point);
        track.residual.writeRow(point, scale, track.row, 0);
        track.await(index, point, scale);
      }
    }
    for (let k = 0; k < knots.length; k++) this.combine(index, k);
  }

  private combine(index: number, k: number): void {
    const track = this.combined[k]!;
    const { row } = track;
    row.fill(0);
    for (const { tracks, weights } of this.members) {
      const weight = weights[k]!;
      if (weight === 0) continue;
      const expertRow = tracks[k]!.row;
      for (let i = 0; i < LEVELS; i++) row[i]! += weight * expertRow[i]!;
    }
    const center = row[MEDIAN]!;
    const scale = this.scaleOf(center);
    track.hasRow = true;
    if (track.settledCount >= MIN_SETTLED && TUNE.blend > 0) {
      track.residual.writeRow(center, scale, scratch, 0);
      for (let i = 0; i < LEVELS; i++) row[i]! += TUNE.blend * (scratch[i]! - row[i]!);
      raiseToMonotone(row, 0, LEVELS);
    }
    track.await(index, center, scale);
  }

  /** Errors grow with demand: with what is forecast, and with what is usual. */
  private scaleOf(point: number): number {
    return point + TUNE.levelShare * this.level + this.unitPerSecond;
  }

  rowsOf(model: string): Float64Array[] | null {
    if (model === 'ensemble') return this.combined.map((t) => t.row);
    const m = this.members.find((x) => x.expert.name === model)!;
    return m.tracks[0]!.hasRow ? m.tracks.map((t) => t.row) : null;
  }

  get shares(): ExpertShare[] {
    return this.members.map(({ expert, tracks, weights, isDemoted }) => ({
      expert: expert.name,
      weightRatio: weights.reduce((a, b) => a + b, 0) / weights.length,
      pinballLoss: tracks[0]!.meanLoss,
      isDemoted: isDemoted.every((x) => x),
    }));
  }
}
const scratch = new Float64Array(LEVELS);
void locateKnot;
