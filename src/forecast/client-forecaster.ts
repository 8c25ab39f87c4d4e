import { createId, type DurationMs, type EpochMs, MINUTE_MS, SECOND_MS } from '../core/index.js';
import { type ClientKey, type Forecast, QUANTILE_LEVELS } from '../domain/index.js';
import { type ForecastConfig, horizonStepsOf } from './config.js';
import { DemandHistory } from './demand-history.js';
import { Ensemble, type ExpertForecast } from './ensemble.js';
import { horizonKnots } from './horizon.js';
import { LeadMaximum } from './lead-maximum.js';
import { seasonsOfGrid } from './season.js';
import { motionOf } from './velocity.js';

const LEVELS = QUANTILE_LEVELS.length;
/** Steps that velocity (the newer half) and acceleration (both halves) look at. */
const MOTION_STEPS = 10;

/**
 * Learns one client's demand step by step and forecasts it. Deterministic, incremental (a step costs the same after a minute and
 * after a year) and bounded: most of its memory is the history of two of the longest season, and the windows of past errors.
 */
export class ClientForecaster {
  private readonly stepMs: DurationMs;
  private readonly horizonSteps: number;
  private readonly history: DemandHistory;
  private readonly ensemble: Ensemble;
  private readonly leadMaximum: LeadMaximum;
  private readonly knotRows: Float64Array;
  /** Where steps begin within a whole number of steps since 1970; set by the first step. */
  private phaseMs: DurationMs | null = null;
  private lastSeenIndex = Number.NaN;
  private observedSteps = 0;

  constructor(
    private readonly key: ClientKey,
    config: ForecastConfig,
  ) {
    this.stepMs = config.stepMs;
    this.horizonSteps = horizonStepsOf(config);
    const knots = horizonKnots(this.horizonSteps);
    const seasons = seasonsOfGrid(this.stepMs);
    const longestSeason = Math.max(0, ...seasons.map(({ steps }) => steps));
    // Two seasons, because a value missing one season ago is looked up two seasons ago.
    this.history = new DemandHistory(2 * longestSeason + this.horizonSteps + MOTION_STEPS + 1);
    const unitPerSecond = SECOND_MS / this.stepMs;
    this.ensemble = new Ensemble({ unitPerSecond, history: this.history, seasons, knots });
    this.leadMaximum = new LeadMaximum(knots, unitPerSecond, this.history);
    this.knotRows = new Float64Array(knots.length * LEVELS);
  }

  /** Whether anything was observed yet; before, there is nothing to forecast from. */
  get isReady(): boolean {
    return this.observedSteps > 0;
  }

  /**
   * Takes the mean rate over the step that begins at `startMs`: requests/s, non-negative, `NaN` where missing. Steps come in order;
   * those left out are missing. Throws `RangeError` on a step not after the last, or an impossible rate.
   */
  observe(startMs: EpochMs, ratePerSecond: number): void {
    if (ratePerSecond < 0 || ratePerSecond === Number.POSITIVE_INFINITY) {
      throw new RangeError(`${ratePerSecond} requests/s is not a rate`);
    }
    this.phaseMs ??= startMs % this.stepMs;
    const index = Math.round((startMs - this.phaseMs) / this.stepMs);
    if (index <= this.lastSeenIndex) {
      throw new RangeError(`step ${startMs} of ${this.key.client} is not after the last one observed`);
    }
    this.lastSeenIndex = index;
    if (Number.isNaN(ratePerSecond)) return;
    this.observedSteps++;
    this.history.set(index, ratePerSecond);
    this.leadMaximum.settle(index);
    this.ensemble.observe(index, ratePerSecond, this.knotRows);
    this.leadMaximum.hold(index, this.knotRows);
  }

  /**
   * The forecast at a time, for a lead time; changes no state. `maxOverLead.leadMs` says which lead is covered: whole steps, at least
   * what was asked for, but never more than the horizon. Throws `RangeError` unless {@link isReady}.
   */
  forecast(madeAtMs: EpochMs, leadMs: DurationMs): Forecast {
    const firstAhead = this.firstAheadAt(madeAtMs);
    const leadSteps = this.leadMaximum.leadStepsFor(Math.ceil(leadMs / this.stepMs));
    const rows = this.rowsAt(firstAhead);
    const { application, client } = this.key;
    return {
      application,
      client,
      id: createId('fc', application, client, madeAtMs),
      madeAtMs,
      stepMs: this.stepMs,
      quantiles: Array.from({ length: this.horizonSteps }, (_, step) => toQuantiles(rows, step * LEVELS)),
      maxOverLead: {
        leadMs: leadSteps * this.stepMs,
        quantiles: toQuantiles(this.leadMaximum.forecast(leadSteps, rows), 0),
      },
      currentPerSecond: this.history.at(this.history.lastIndex),
      ...this.motionAt(this.history.lastIndex + firstAhead),
      experts: this.ensemble.shares,
      skillRatio: this.ensemble.skillRatio,
      historySteps: this.observedSteps,
    };
  }

  /** What each expert alone would forecast at a time, over the same steps. Throws `RangeError` unless {@link isReady}. */
  forecastByExpert(madeAtMs: EpochMs): ExpertForecast[] {
    return this.ensemble.forecastByExpert(this.firstAheadAt(madeAtMs), this.horizonSteps);
  }

  /** Quantile rows of all steps; those made with the last observation, where every step is a knot and none is missing since. */
  private rowsAt(firstAhead: number): Float64Array {
    const isAtHand = firstAhead === 1 && this.knotRows.length === this.horizonSteps * LEVELS;
    return isAtHand ? this.knotRows : this.ensemble.forecast(firstAhead, this.horizonSteps);
  }

  /** Steps from the last observation to the first step that a forecast made at `madeAtMs` covers; 1 when nothing is missing. */
  private firstAheadAt(madeAtMs: EpochMs): number {
    if (!this.isReady) throw new RangeError(`nothing observed yet of ${this.key.client}`);
    const observedUntilMs = this.phaseMs! + (this.history.lastIndex + 1) * this.stepMs;
    return 1 + Math.max(0, Math.floor((madeAtMs - observedUntilMs) / this.stepMs));
  }

  /** Motion over the steps before `index`; missing ones, also those after the last observation, are left out. */
  private motionAt(index: number): ReturnType<typeof motionOf> {
    const minutes: number[] = [];
    const values: number[] = [];
    for (let step = MOTION_STEPS; step >= 1; step--) {
      minutes.push((-step * this.stepMs) / MINUTE_MS);
      values.push(this.history.at(index - step));
    }
    return motionOf(minutes, values);
  }
}

function toQuantiles(rows: Float64Array, at: number): number[] {
  const quantiles = new Array<number>(LEVELS);
  for (let i = 0; i < LEVELS; i++) quantiles[i] = rows[at + i]!;
  return quantiles;
}
