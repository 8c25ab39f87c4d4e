import { QUANTILE_LEVELS } from '../domain/index.js';
import { MaxCalibrator, type MaxExpectation } from './calibration.js';
import type { DemandHistory } from './demand-history.js';

const LEVELS = QUANTILE_LEVELS.length;
/** A maximum is known only if at least this share of its steps was observed. */
const MIN_OBSERVED_RATIO = 0.9;

interface Waiting {
  originIndex: number;
  expectation: MaxExpectation;
  readonly row: Float64Array;
}

/** Quantiles of the maximum over the first steps ahead, for leads as long as each knot, each calibrated on what came of it. */
export class LeadMaximum {
  private readonly calibrators: readonly MaxCalibrator[];
  /** By knot, then by origin in a ring as long as the lead. */
  private readonly waiting: readonly (readonly Waiting[])[];

  constructor(
    private readonly knots: readonly number[],
    private readonly unitPerSecond: number,
    private readonly history: DemandHistory,
  ) {
    this.calibrators = knots.map(() => new MaxCalibrator());
    this.waiting = knots.map((knot) =>
      Array.from({ length: knot }, () => ({
        originIndex: Number.NaN,
        expectation: { center: 0, width: 1 },
        row: new Float64Array(LEVELS),
      })),
    );
  }

  /** The lead that is used for one of `steps` steps: the next knot, or the last one if that is not enough. */
  leadStepsFor(steps: number): number {
    return this.knots[this.knotFor(steps)]!;
  }

  /** Settles the maxima that end with step `index`, which the history already holds. */
  settle(index: number): void {
    let highest = 0;
    let observed = 0;
    let steps = 0;
    for (let k = 0; k < this.knots.length; k++) {
      const knot = this.knots[k]!;
      for (; steps < knot; steps++) {
        const value = this.history.at(index - steps);
        if (Number.isNaN(value)) continue;
        observed++;
        if (value > highest) highest = value;
      }
      const waiting = this.waiting[k]![index % knot]!;
      if (waiting.originIndex !== index - knot || observed < MIN_OBSERVED_RATIO * knot) continue;
      this.calibrators[k]!.record(highest, waiting.expectation, waiting.row, 0);
    }
  }

  /** Keeps what is expected at step `index` of each maximum, from the quantile rows at the knots. */
  hold(index: number, knotRows: Float64Array): void {
    const highest = new Float64Array(LEVELS);
    for (let k = 0; k < this.knots.length; k++) {
      raiseToRow(highest, knotRows, k * LEVELS);
      const waiting = this.waiting[k]![index % this.knots[k]!]!;
      waiting.originIndex = index;
      waiting.expectation = this.calibrators[k]!.writeRow(highest, this.unitPerSecond, waiting.row, 0);
    }
  }

  /** Quantiles of the maximum over `leadStepsFor(steps)` steps, given at least that many rows of step quantiles. */
  forecast(steps: number, rows: Float64Array): Float64Array {
    const k = this.knotFor(steps);
    const highest = new Float64Array(LEVELS);
    for (let step = 0; step < this.knots[k]!; step++) raiseToRow(highest, rows, step * LEVELS);
    const row = new Float64Array(LEVELS);
    this.calibrators[k]!.writeRow(highest, this.unitPerSecond, row, 0);
    return row;
  }

  private knotFor(steps: number): number {
    const k = this.knots.findIndex((knot) => knot >= steps);
    return k === -1 ? this.knots.length - 1 : k;
  }
}

function raiseToRow(highest: Float64Array, rows: Float64Array, at: number): void {
  for (let i = 0; i < LEVELS; i++) if (rows[at + i]! > highest[i]!) highest[i] = rows[at + i]!;
}
