import { locateKnot } from '../horizon.js';
import type { Expert, ExpertContext } from '../types.js';
import { type Baseline, MeanBaseline, ProfileBaseline } from './baseline.js';

/** Errors are remembered for about this many steps. */
const MEMORY_STEPS = 1_000;
/** Steps that the short mean of deviations looks back. */
const SHORT_MEAN_STEPS = 8;
/** Strength of the prior (deviations persist entirely one step ahead and fade), in observations. */
const PRIOR_STEPS = 20;
/** A regression error beyond this many times its usual size counts as if it were that size (Huber 1964). */
const HUBER_FACTOR = 3;

/**
 * A seasonal baseline, adjusted to the level of today: the deviation of the last step and the short mean of deviations, each
 * carried ahead by coefficients learned for each horizon (recursive, exponentially forgetting, robust least squares).
 */
class DeviationRegression implements Expert {
  private readonly rows: KnotRegression[];
  private readonly ringSteps: number;
  private readonly originIndices: Float64Array;
  private readonly origins: Float64Array;
  private readonly baselinesAhead: Float64Array;
  private deviation = 0;
  private shortMean = Number.NaN;
  private lastIndex = Number.NaN;

  constructor(
    readonly name: string,
    private readonly baseline: Baseline,
    private readonly knots: readonly number[],
  ) {
    this.rows = knots.map((knot) => new KnotRegression(knot));
    this.ringSteps = knots[knots.length - 1]! + 1;
    this.originIndices = new Float64Array(this.ringSteps).fill(Number.NaN);
    this.origins = new Float64Array(this.ringSteps * 2);
    this.baselinesAhead = new Float64Array(this.ringSteps * knots.length);
  }

  observe(index: number, ratePerSecond: number): void {
    this.learn(index, ratePerSecond);
    const expected = this.baseline.at(index);
    this.baseline.observe(index, ratePerSecond);
    this.lastIndex = index;
    if (Number.isNaN(expected)) return;
    this.deviation = ratePerSecond - expected;
    this.shortMean = Number.isNaN(this.shortMean)
      ? this.deviation
      : this.shortMean + (this.deviation - this.shortMean) / SHORT_MEAN_STEPS;
    const slot = index % this.ringSteps;
    this.originIndices[slot] = index;
    this.origins[slot * 2] = this.deviation;
    this.origins[slot * 2 + 1] = this.shortMean;
    for (let k = 0; k < this.knots.length; k++) {
      this.baselinesAhead[slot * this.knots.length + k] = this.baseline.at(index + this.knots[k]!);
    }
  }

  forecast(firstAhead: number, out: Float64Array): boolean {
    if (Number.isNaN(this.shortMean) || Number.isNaN(this.baseline.at(this.lastIndex + firstAhead)))
      return false;
    for (let i = 0; i < out.length; i++) {
      const { lower, share } = locateKnot(this.knots, firstAhead + i);
      let carried = this.rows[lower]!.predict(this.deviation, this.shortMean);
      if (share > 0) {
        carried += share * (this.rows[lower + 1]!.predict(this.deviation, this.shortMean) - carried);
      }
      out[i] = Math.max(0, this.baseline.at(this.lastIndex + firstAhead + i) + carried);
    }
    return true;
  }

  private learn(index: number, ratePerSecond: number): void {
    for (let k = 0; k < this.knots.length; k++) {
      const origin = index - this.knots[k]!;
      if (origin < 0) break;
      const slot = origin % this.ringSteps;
      if (this.originIndices[slot] !== origin) continue;
      const target = ratePerSecond - this.baselinesAhead[slot * this.knots.length + k]!;
      if (Number.isNaN(target)) continue;
      this.rows[k]!.learn(this.origins[slot * 2]!, this.origins[slot * 2 + 1]!, target);
    }
  }
}

/** Least squares of a later deviation on two earlier ones, with a ridge towards a prior; sums are kept, solved on change. */
class KnotRegression {
  private readonly priorCoefficient: number;
  private deviationSquares = 0;
  private crossProducts = 0;
  private meanSquares = 0;
  private deviationTargets = 0;
  private meanTargets = 0;
  private count = 0;
  private usualError = 0;
  private onDeviation: number;
  private onShortMean = 0;

  constructor(knot: number) {
    this.priorCoefficient = 0.98 ** knot;
    this.onDeviation = this.priorCoefficient;
  }

  predict(deviation: number, shortMean: number): number {
    return this.onDeviation * deviation + this.onShortMean * shortMean;
  }

  learn(deviation: number, shortMean: number, target: number): void {
    const error = Math.abs(target - this.predict(deviation, shortMean));
    const limit = HUBER_FACTOR * this.usualError;
    const weight = this.count > PRIOR_STEPS && error > limit ? limit / error : 1;
    this.usualError += (weight * error - this.usualError) / Math.min(this.count + 1, MEMORY_STEPS);
    const keep = 1 - 1 / MEMORY_STEPS;
    this.count = this.count * keep + 1;
    this.deviationSquares = this.deviationSquares * keep + weight * deviation * deviation;
    this.crossProducts = this.crossProducts * keep + weight * deviation * shortMean;
    this.meanSquares = this.meanSquares * keep + weight * shortMean * shortMean;
    this.deviationTargets = this.deviationTargets * keep + weight * deviation * target;
    this.meanTargets = this.meanTargets * keep + weight * shortMean * target;
    this.solve();
  }

  private solve(): void {
    const ridge = (PRIOR_STEPS * this.deviationSquares) / this.count;
    const first = this.deviationSquares + ridge;
    const second = this.meanSquares + ridge;
    const determinant = first * second - this.crossProducts * this.crossProducts;
    if (!(determinant > 1e-12 * first * second)) return;
    const right = this.deviationTargets + ridge * this.priorCoefficient;
    this.onDeviation = (right * second - this.meanTargets * this.crossProducts) / determinant;
    this.onShortMean = (first * this.meanTargets - this.crossProducts * right) / determinant;
  }
}

/** One expert without a season, and one for each season of the grid. */
export function createRegressions({ seasons, knots }: ExpertContext): Expert[] {
  return [
    new DeviationRegression('autoregression', new MeanBaseline(), knots),
    ...seasons.map(
      (season) =>
        new DeviationRegression(`adjusted-${season.name}`, new ProfileBaseline(season.steps), knots),
    ),
  ];
}
