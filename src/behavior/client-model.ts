import { type DurationMs, type EpochMs, HOUR_MS, SECOND_MS } from '../core/index.js';
import {
  type BehaviorProfile,
  type ClientKey,
  type ClientWindow,
  type ClosedStep,
  HOURS_PER_WEEK,
} from '../domain/index.js';
import { GridCell } from '../store/index.js';
import type { BehaviorConfig } from './config.js';
import { DecayedHistogram } from './decayed-histogram.js';
import { DemandRing, type HistoryBudget } from './demand-ring.js';
import { quantileOf } from './histogram.js';
import { RouteTable, TransitionTable } from './route-table.js';

/** 1970-01-01 was a Thursday: three days after the Monday that weeks begin with. */
const EPOCH_HOUR_OF_WEEK = 72;
/** Rates are counted as requests per 1000 s, so that the slowest clients still fall into buckets of their own. */
const RATE_SCALE = 1_000;

/** The hour of the week (UTC, Monday 00:00 is 0) that a time lies in. */
export function hourOfWeekOf(timeMs: EpochMs): number {
  return (Math.floor(timeMs / HOUR_MS) + EPOCH_HOUR_OF_WEEK) % HOURS_PER_WEEK;
}

/**
 * One client's sums. Forgetting is forward: an observation enters with a weight that doubles every half-life, and a reader divides by the
 * weight of the present; so nothing has to be touched only because time goes on.
 */
export class ClientModel {
  readonly cell = new GridCell();
  readonly ring: DemandRing;
  readonly routes: RouteTable;
  readonly transitions: TransitionTable;
  /** Start of the last step with a window. */
  activeStepMs: EpochMs = Number.NEGATIVE_INFINITY;
  private lastSeenMs: EpochMs = 0;
  private observedSteps = 0;
  private observedWeight = 0;
  private rateWeight = 0;
  private peakPerSecond = 0;
  private peakAtMs: EpochMs;
  private answers = 0;
  private clientErrors = 0;
  private serverErrors = 0;
  private readonly rates = new DecayedHistogram();
  private readonly latencyUs = new DecayedHistogram();
  private readonly requestSizeBytes = new DecayedHistogram();
  private readonly responseSizeBytes = new DecayedHistogram();
  private readonly hourRequests = new Float64Array(HOURS_PER_WEEK);
  private readonly hourSeconds = new Float64Array(HOURS_PER_WEEK);

  constructor(
    readonly key: ClientKey,
    private readonly firstSeenMs: EpochMs,
    config: BehaviorConfig,
    budget: HistoryBudget,
  ) {
    this.peakAtMs = firstSeenMs;
    this.ring = new DemandRing(Math.ceil(config.historyLength / config.gridStep), budget);
    this.routes = new RouteTable(config.maxRoutes);
    this.transitions = new TransitionTable(config.maxTransitions);
  }

  /** What a window tells about the kind of use; holds for a badly captured one as well, since what is lost is lost at random. */
  addWindow(window: ClientWindow, weight: number): void {
    this.activeStepMs = window.startMs;
    this.lastSeenMs = window.startMs + window.stepMs;
    for (const route of window.routes) this.routes.add(route, weight);
    for (const transition of window.transitions) this.transitions.add(transition, weight);
    this.latencyUs.add(window.latencyUs, weight);
    this.requestSizeBytes.add(window.requestSizeBytes, weight);
    this.responseSizeBytes.add(window.responseSizeBytes, weight);
    const { informational, success, redirection, clientError, serverError } = window.statuses;
    this.answers += (informational + success + redirection + clientError + serverError) * weight;
    this.clientErrors += clientError * weight;
    this.serverErrors += serverError * weight;
  }

  /** What a well captured step tells about the rate; zero requests if the client had no window in it. */
  addStep(step: ClosedStep, requests: number, weight: number, halfLifeMs: DurationMs): void {
    const seconds = step.stepMs / SECOND_MS;
    const perSecond = requests / seconds;
    this.cell.addStep(step.stepMs, requests);
    this.observedSteps += 1;
    this.observedWeight += seconds * weight;
    this.rateWeight += requests * weight;
    this.rates.addValue(perSecond * RATE_SCALE, weight);
    const hour = hourOfWeekOf(step.startMs);
    this.hourRequests[hour]! += requests * weight;
    this.hourSeconds[hour]! += seconds * weight;
    // An old peak gives way to a lower one, in the measure in which it is forgotten.
    if (
      perSecond > 0 &&
      perSecond >= this.peakPerSecond * 2 ** ((this.peakAtMs - step.startMs) / halfLifeMs)
    ) {
      this.peakPerSecond = perSecond;
      this.peakAtMs = step.startMs;
    }
  }

  multiply(factor: number): void {
    for (const histogram of [this.rates, this.latencyUs, this.requestSizeBytes, this.responseSizeBytes]) {
      histogram.multiply(factor);
    }
    this.routes.multiply(factor);
    this.transitions.multiply(factor);
    this.observedWeight *= factor;
    this.rateWeight *= factor;
    this.answers *= factor;
    this.clientErrors *= factor;
    this.serverErrors *= factor;
    for (let hour = 0; hour < HOURS_PER_WEEK; hour += 1) {
      this.hourRequests[hour]! *= factor;
      this.hourSeconds[hour]! *= factor;
    }
  }

  /** `presentWeight` is the weight that an observation at `updatedMs` would have. */
  toProfile(updatedMs: EpochMs, presentWeight: number): BehaviorProfile {
    const factor = 1 / presentWeight;
    // Finer than whole counts, or the first steps would not tell quantiles apart.
    const rates = this.rates.toHistogram(factor * RATE_SCALE);
    const rateQuantile = (level: number) =>
      Math.min((quantileOf(rates, level) ?? 0) / RATE_SCALE, this.peakPerSecond);
    const ratio = (part: number) => (this.answers > 0 ? Math.min(1, part / this.answers) : 0);
    return {
      ...this.key,
      updatedMs,
      firstSeenMs: this.firstSeenMs,
      lastSeenMs: this.lastSeenMs,
      observedSteps: this.observedSteps,
      requestRate: {
        meanPerSecond: this.observedWeight > 0 ? this.rateWeight / this.observedWeight : 0,
        p50PerSecond: rateQuantile(0.5),
        p95PerSecond: rateQuantile(0.95),
        peakPerSecond: this.peakPerSecond,
        peakAtMs: this.peakAtMs,
      },
      requestSizeBytes: this.requestSizeBytes.toHistogram(factor),
      responseSizeBytes: this.responseSizeBytes.toHistogram(factor),
      latencyUs: this.latencyUs.toHistogram(factor),
      hourOfWeek: Array.from(this.hourSeconds, (seconds, hour) =>
        seconds > 0 ? this.hourRequests[hour]! / seconds : null,
      ),
      routeMix: this.routes.toMix(),
      transitions: this.transitions.toProbabilities(),
      serverErrorRatio: ratio(this.serverErrors),
      clientErrorRatio: ratio(this.clientErrors),
    };
  }
}
