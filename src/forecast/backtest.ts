import type { DurationMs } from '../core/index.js';
import { type DemandSeries, QUANTILE_LEVELS } from '../domain/index.js';
import { ClientForecaster } from './client-forecaster.js';
import { PERSISTENCE } from './expert/persistence.js';
import {
  coverageRatio,
  geometricMean,
  meanAbsoluteChange,
  meanAbsoluteScaledError,
  meanSeasonalChange,
  pinballLoss,
  weightedQuantileLoss,
} from './quantile.js';
import { seasonsOfGrid } from './season.js';

/** The combination's name among the models. */
export const ENSEMBLE = 'ensemble';
/** Levels that wQL averages over. */
export const SCORED_LEVELS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] as const;
/** The test span is what follows this share of the steps. */
const TRAINING_RATIO = 0.8;

const LEVELS = QUANTILE_LEVELS.length;
const SCORED_COLUMNS = SCORED_LEVELS.map((level) => QUANTILE_LEVELS.indexOf(level));
const MEDIAN = QUANTILE_LEVELS.indexOf(0.5);
const LOW = QUANTILE_LEVELS.indexOf(0.1);
const HIGH = QUANTILE_LEVELS.indexOf(0.9);

/** How well one model forecast one series; `null` where it cannot be said (too short a series, no demand). */
export interface ModelScore {
  mase: number | null;
  wql: number | null;
  /** Share of actual values between the 0.1 and the 0.9 quantile. */
  coverage80: number | null;
  /** Pairs of origin and horizon that were scored. */
  forecasts: number;
  /** By steps ahead, from 1. */
  maseByHorizon: (number | null)[];
}

export interface BacktestResult {
  series: string;
  stepMs: DurationMs;
  steps: number;
  missingSteps: number;
  /** Steps in the test span, missing ones included. */
  testSteps: number;
  /** Mean absolute one-step change before the test span: the unit of MASE. */
  maseScale: number | null;
  models: Record<string, ModelScore>;
  /** Least wQL among the models that were scored on every forecast, the ensemble included; `null` without demand. */
  bestModel: string | null;
  /** The seasonal naive model (day or week) with the smaller error before the test span; `null` without a season. */
  seasonalReference: string | null;
}

export interface BacktestSummary {
  /** Geometric means over the series of the ensemble's wQL over that of the other; below 1 is better. */
  wqlRatioToPersistence: number | null;
  wqlRatioToSeasonalNaive: number | null;
  wqlRatioToBestExpert: number | null;
  /** Mean over the series. */
  coverage80: number | null;
  /** Series on which a single expert had a smaller wQL, worst first. */
  losses: { series: string; expert: string; wqlRatio: number }[];
}

/**
 * Rolling-origin backtest of one series along the path that production takes: the forecaster sees one step after the other, and in the
 * test span (the last 20 %) every observed step is an origin from which all horizons are forecast. Scored are the target steps in the
 * test span. MASE scores the point forecast (the ensemble's is its median). `horizonSteps` 1…120.
 */
export function backtestSeries(name: string, series: DemandSeries, horizonSteps: number): BacktestResult {
  const { values, stepMs, startMs } = series;
  const testStart = Math.floor(values.length * TRAINING_RATIO);
  const forecaster = new ClientForecaster(
    { application: 'backtest', client: name },
    { stepMs, horizonSteps, leadMs: stepMs },
  );
  const tallies = new Map<string, ModelTally>();
  const tallyOf = (model: string) => {
    const known = tallies.get(model);
    if (known) return known;
    const created = new ModelTally(horizonSteps);
    tallies.set(model, created);
    return created;
  };
  for (let origin = 0; origin < values.length - 1; origin++) {
    const rate = values[origin]!;
    if (Number.isNaN(rate)) continue;
    forecaster.observe(startMs + origin * stepMs, rate);
    if (origin + horizonSteps < testStart) continue;
    const madeAtMs = startMs + (origin + 1) * stepMs;
    const targets = { values, first: origin + 1, testStart };
    const rows = forecaster.forecast(madeAtMs, stepMs).quantiles.flat();
    const medians = Float64Array.from({ length: horizonSteps }, (_, step) => rows[step * LEVELS + MEDIAN]!);
    tallyOf(ENSEMBLE).add(medians, rows, targets);
    for (const { expert, points, rows } of forecaster.forecastByExpert(madeAtMs)) {
      tallyOf(expert).add(points, rows, targets);
    }
  }
  const maseScale = meanAbsoluteChange(values, testStart);
  const models = Object.fromEntries(
    [...tallies].map(([model, tally]) => [model, tally.toScore(maseScale ?? 0)] as const),
  );
  return {
    series: name,
    stepMs,
    steps: values.length,
    missingSteps: values.filter(Number.isNaN).length,
    testSteps: values.length - testStart,
    maseScale,
    models,
    bestModel: bestModelOf(models),
    seasonalReference: seasonalReferenceOf(series, testStart, models),
  };
}

/** What many series say together. */
export function summarizeBacktest(results: readonly BacktestResult[]): BacktestSummary {
  const ratiosTo = (modelOf: (result: BacktestResult) => string | null) =>
    results.flatMap((result) => wqlRatioTo(result, modelOf(result)) ?? []);
  const coverages = results.flatMap(({ models }) => models[ENSEMBLE]?.coverage80 ?? []);
  const losses = results.flatMap((result) => {
    const expert = bestExpertOf(result);
    const wqlRatio = wqlRatioTo(result, expert);
    return expert !== null && wqlRatio !== null && wqlRatio > 1
      ? [{ series: result.series, expert, wqlRatio }]
      : [];
  });
  return {
    wqlRatioToPersistence: geometricMean(ratiosTo(() => PERSISTENCE)),
    wqlRatioToSeasonalNaive: geometricMean(ratiosTo(({ seasonalReference }) => seasonalReference)),
    wqlRatioToBestExpert: geometricMean(ratiosTo(bestExpertOf)),
    coverage80:
      coverages.length > 0 ? coverages.reduce((sum, ratio) => sum + ratio, 0) / coverages.length : null,
    losses: losses.sort((a, b) => b.wqlRatio - a.wqlRatio),
  };
}

/** The ensemble's wQL over that of another model; `null` where either is unknown, or the other is perfect. */
export function wqlRatioTo({ models }: BacktestResult, model: string | null): number | null {
  const own = models[ENSEMBLE]?.wql;
  const other = model === null ? null : models[model]?.wql;
  return own != null && other != null && other > 0 ? own / other : null;
}

/** The expert with the least wQL among those scored on every forecast. */
export function bestExpertOf({ models }: BacktestResult): string | null {
  const { [ENSEMBLE]: _, ...experts } = models;
  return bestModelOf(experts, models[ENSEMBLE]?.forecasts);
}

function bestModelOf(
  models: Record<string, ModelScore>,
  forecasts = models[ENSEMBLE]?.forecasts,
): string | null {
  const scored = Object.entries(models).filter(
    ([, score]) => score.wql !== null && score.forecasts === forecasts,
  );
  if (scored.length === 0) return null;
  return scored.reduce((best, entry) => (entry[1].wql! < best[1].wql! ? entry : best))[0];
}

function seasonalReferenceOf(
  { values, stepMs }: DemandSeries,
  testStart: number,
  models: Record<string, ModelScore>,
): string | null {
  const candidates = seasonsOfGrid(stepMs).flatMap(({ name, steps }) => {
    const model = `seasonal-${name}`;
    const error = meanSeasonalChange(values, testStart, steps);
    return error !== null && model in models ? [{ model, error }] : [];
  });
  if (candidates.length === 0) return null;
  return candidates.reduce((best, candidate) => (candidate.error < best.error ? candidate : best)).model;
}

/** Where targets are: the series, the first target step, and the first step that is scored. */
interface Targets {
  readonly values: Float64Array;
  readonly first: number;
  readonly testStart: number;
}

/** Sums of one model on one series. */
class ModelTally {
  private readonly absoluteErrors: Float64Array;
  private readonly counts: Float64Array;
  private pinballSum = 0;
  private demandSum = 0;
  private inside = 0;

  constructor(horizonSteps: number) {
    this.absoluteErrors = new Float64Array(horizonSteps);
    this.counts = new Float64Array(horizonSteps);
  }

  add(points: Float64Array, rows: ArrayLike<number>, { values, first, testStart }: Targets): void {
    for (let step = 0; step < points.length; step++) {
      const target = first + step;
      if (target < testStart) continue;
      if (target >= values.length) return;
      const actual = values[target]!;
      if (Number.isNaN(actual)) continue;
      this.counts[step]!++;
      this.absoluteErrors[step]! += Math.abs(actual - points[step]!);
      this.demandSum += Math.abs(actual);
      const at = step * LEVELS;
      let pinball = 0;
      for (const column of SCORED_COLUMNS)
        pinball += pinballLoss(QUANTILE_LEVELS[column]!, rows[at + column]!, actual);
      this.pinballSum += pinball / SCORED_COLUMNS.length;
      if (actual >= rows[at + LOW]! && actual <= rows[at + HIGH]!) this.inside++;
    }
  }

  toScore(maseScale: number): ModelScore {
    const forecasts = this.counts.reduce((sum, count) => sum + count, 0);
    const errorSum = this.absoluteErrors.reduce((sum, error) => sum + error, 0);
    return {
      mase: meanAbsoluteScaledError(errorSum, forecasts, maseScale),
      wql: weightedQuantileLoss(this.pinballSum, this.demandSum),
      coverage80: coverageRatio(this.inside, forecasts),
      forecasts,
      maseByHorizon: Array.from(this.absoluteErrors, (error, step) =>
        meanAbsoluteScaledError(error, this.counts[step]!, maseScale),
      ),
    };
  }
}
