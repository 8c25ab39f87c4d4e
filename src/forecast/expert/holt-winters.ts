import type { DemandHistory } from '../demand-history.js';
import type { Expert, ExpertContext } from '../types.js';

/** Damping of the trend: about ten steps of it are believed (damped trend: Gardner, McKenzie 1985). */
const DAMPING = 0.9;
const SEASON_GAIN = 0.2;
/** The grid: gains of the level with gains of the trend, without a season and with one. */
const PLAIN_GAINS: readonly (readonly [level: number, trend: number])[] = [
  [0.05, 0],
  [0.2, 0],
  [0.5, 0],
  [0.2, 0.05],
  [0.5, 0.1],
  [0.9, 0.2],
];
const SEASONAL_GAINS: readonly (readonly [level: number, trend: number])[] = [
  [0.1, 0],
  [0.5, 0.05],
];
/** Errors that choose the parameters are remembered for about this many steps. */
const CHOICE_MEMORY_STEPS = 500;
/** Parameters are chosen anew this often. */
const CHOICE_INTERVAL_STEPS = 32;
/** An innovation beyond this many times its usual size is cut to that (robust Holt-Winters, Gelper, Fried, Croux 2010). */
const CLIP_FACTOR = 4;
/** Until then the usual size of an innovation is not known well enough to cut by it. */
const CLIP_AFTER_STEPS = 20;
const CLIP_MEMORY_STEPS = 100;

/** Where smoothing is additive: on the rate itself, or on its logarithm, where seasons and trends multiply. */
interface Scale {
  to(ratePerSecond: number): number;
  from(scaled: number): number;
}

/**
 * Damped Holt-Winters by a bank of parameter sets, all updated at each step in O(1); the one with the least recent error (one step
 * and a full horizon ahead) speaks, re-chosen rarely. Sources: Holt 1957, Winters 1960, Gardner and McKenzie 1985.
 */
class HoltWinters implements Expert {
  readonly name = 'holt-winters';
  private readonly smoothers: Smoother[];
  private chosen = 0;
  private sinceChoice = 0;

  constructor({ unitPerSecond, history, seasons, knots }: ExpertContext) {
    const raw: Scale = { to: (rate) => rate, from: (scaled) => scaled };
    const log: Scale = {
      to: (rate) => Math.log1p(rate / unitPerSecond),
      from: (scaled) => unitPerSecond * Math.expm1(scaled),
    };
    const farAhead = knots[knots.length - 1]!;
    this.smoothers = [raw, log].flatMap((scale) => [
      ...PLAIN_GAINS.map(([level, trend]) => new Smoother(scale, level, trend, null, history, farAhead)),
      ...seasons.flatMap(({ steps }) =>
        SEASONAL_GAINS.map(([level, trend]) => new Smoother(scale, level, trend, steps, history, farAhead)),
      ),
    ]);
  }

  observe(index: number, ratePerSecond: number): void {
    for (const smoother of this.smoothers) smoother.observe(index, ratePerSecond);
    if (++this.sinceChoice < CHOICE_INTERVAL_STEPS) return;
    this.sinceChoice = 0;
    this.chosen = this.leastError();
  }

  forecast(firstAhead: number, out: Float64Array): boolean {
    const smoother = this.smoothers[this.chosen]!;
    if (!smoother.isReady) return false;
    for (let i = 0; i < out.length; i++) out[i] = smoother.predict(firstAhead + i);
    return true;
  }

  private leastError(): number {
    let best = this.chosen;
    let least = Number.POSITIVE_INFINITY;
    for (const [position, { isReady, error }] of this.smoothers.entries()) {
      if (isReady && error < least) {
        least = error;
        best = position;
      }
    }
    return best;
  }
}

/** One set of parameters, with its state and its recent error. */
class Smoother {
  private level = Number.NaN;
  private trend = 0;
  private season: Float32Array | null = null;
  private lastIndex = Number.NaN;
  private steps = 0;
  private usualInnovation = 0;
  private readonly pending: Float64Array;
  private readonly pendingIndices: Float64Array;
  private nearError = 0;
  private farError = 0;

  constructor(
    private readonly scale: Scale,
    private readonly levelGain: number,
    private readonly trendGain: number,
    private readonly seasonSteps: number | null,
    private readonly history: DemandHistory,
    private readonly farAhead: number,
  ) {
    this.pending = new Float64Array(farAhead + 1);
    this.pendingIndices = new Float64Array(farAhead + 1).fill(Number.NaN);
  }

  get isReady(): boolean {
    return !Number.isNaN(this.level);
  }

  /** Mean absolute error one step and a full horizon ahead, requests/s, summed; recent steps count most. */
  get error(): number {
    return this.steps > CLIP_AFTER_STEPS ? this.nearError + this.farError : Number.POSITIVE_INFINITY;
  }

  observe(index: number, ratePerSecond: number): void {
    if (this.isReady) this.update(index, ratePerSecond);
    else if (this.seasonSteps === null) this.start(index, this.scale.to(ratePerSecond));
    else if (index - this.history.firstIndex >= this.seasonSteps) this.startSeason(index, this.seasonSteps);
    if (!this.isReady) return;
    const slot = index % this.pending.length;
    this.pending[slot] = this.predict(this.farAhead);
    this.pendingIndices[slot] = index;
  }

  /** Rate at a number of steps after the last observation, requests/s. */
  predict(ahead: number): number {
    return Math.max(
      0,
      this.scale.from(this.level + this.trendOver(ahead) + this.seasonAt(this.lastIndex + ahead)),
    );
  }

  private update(index: number, ratePerSecond: number): void {
    const ahead = index - this.lastIndex;
    const memory = Math.min(++this.steps, CHOICE_MEMORY_STEPS);
    this.nearError += (Math.abs(ratePerSecond - this.predict(ahead)) - this.nearError) / memory;
    const slot = (index - this.farAhead + this.pending.length) % this.pending.length;
    if (this.pendingIndices[slot] === index - this.farAhead) {
      this.farError += (Math.abs(ratePerSecond - this.pending[slot]!) - this.farError) / memory;
    }
    const expected = this.level + this.trendOver(ahead);
    const innovation = this.clip(this.scale.to(ratePerSecond) - expected - this.seasonAt(index));
    this.level = expected + this.levelGain * innovation;
    this.trend = this.trend * DAMPING + this.levelGain * this.trendGain * innovation;
    if (this.season !== null) {
      this.season[index % this.season.length]! += SEASON_GAIN * (1 - this.levelGain) * innovation;
    }
    this.lastIndex = index;
  }

  /** What the damped trend adds over a number of steps. */
  private trendOver(ahead: number): number {
    return this.trend === 0 ? 0 : (this.trend * DAMPING * (1 - DAMPING ** ahead)) / (1 - DAMPING);
  }

  private clip(innovation: number): number {
    const size = Math.abs(innovation);
    const limit = CLIP_FACTOR * this.usualInnovation;
    const cut = this.steps > CLIP_AFTER_STEPS ? Math.min(size, limit) : size;
    // The usual size grows with what was cut, so that a new level is accepted after a few steps.
    this.usualInnovation += (size - this.usualInnovation) / Math.min(this.steps, CLIP_MEMORY_STEPS);
    return innovation < 0 ? -cut : cut;
  }

  private start(index: number, level: number): void {
    this.level = level;
    this.lastIndex = index;
  }

  /** One season is over: its shape is the first guess of all to come. */
  private startSeason(index: number, seasonSteps: number): void {
    const season = new Float32Array(seasonSteps);
    let sum = 0;
    let count = 0;
    for (let i = index - seasonSteps; i < index; i++) {
      const value = this.history.at(i);
      if (Number.isNaN(value)) continue;
      sum += this.scale.to(value);
      count++;
    }
    if (count === 0) return;
    const mean = sum / count;
    for (let i = index - seasonSteps; i < index; i++) {
      const value = this.history.at(i);
      season[i % seasonSteps] = Number.isNaN(value) ? 0 : this.scale.to(value) - mean;
    }
    this.season = season;
    this.start(index, mean + this.scale.to(this.history.at(index)) - mean - this.seasonAt(index));
  }

  private seasonAt(index: number): number {
    return this.season === null ? 0 : this.season[index % this.season.length]!;
  }
}

export function createHoltWinters(context: ExpertContext): Expert[] {
  return [new HoltWinters(context)];
}
