import type { EpochMs } from '../core/index.js';
import {
  type BehaviorProfile,
  type ClientKey,
  type ClientWindow,
  type ClosedStep,
  clientKeyToString,
  type DemandSeries,
} from '../domain/index.js';
import { checkGridStep } from '../store/index.js';
import { ClientModel } from './client-model.js';
import type { BehaviorConfig } from './config.js';
import type { HistoryBudget } from './demand-ring.js';
import { StepQueue } from './step-queue.js';

/** Half-lives after which weights are brought back to 1, long before they leave the range of doubles. */
const MAX_WEIGHT_EXPONENT = 64;

/** A grid step that has just been completed for a client: requests/s, 0 if idle, `NaN` if missing. */
export interface GridStep {
  readonly key: ClientKey;
  readonly startMs: EpochMs;
  readonly ratePerSecond: number;
}

export interface BehaviorCounters {
  readonly clients: number;
  readonly evictedClients: number;
  readonly modelledWindows: number;
  readonly modelledSteps: number;
  /** Windows and closed steps that came after their time was over: repeats, or late. They change nothing. */
  readonly lateWindows: number;
  readonly lateSteps: number;
  /** Windows whose step was passed over without being closed, and windows beyond the bound of those that wait. */
  readonly unclosedWindows: number;
  readonly overflowedWindows: number;
  /** Windows captured too badly for their rate to count. */
  readonly poorWindows: number;
  /** Routes and pairs of routes that became `other`. */
  readonly foldedRoutes: number;
  readonly foldedTransitions: number;
  /** Completed grid steps that were not drained in time. */
  readonly droppedGridSteps: number;
  /** Times that a client's history could not grow for want of room. */
  readonly refusedHistoryGrowths: number;
}

/**
 * The behavioral model of all clients. Windows wait until their step is closed; then the step is modelled as a whole: for clients with
 * a window what they did, for all others that they were idle. So the order inside a batch does not matter, nor how the stream is cut
 * into batches, and stored windows give the same model again.
 */
export class BehaviorModel {
  /** The client that was active least recently comes first. */
  private readonly models = new Map<string, ClientModel>();
  private readonly waiting: StepQueue;
  private readonly budget: HistoryBudget;
  private completed: GridStep[] = [];
  /** All before is modelled. */
  private frontierMs: EpochMs = Number.NEGATIVE_INFINITY;
  private cellStartMs: EpochMs | undefined;
  /** Well captured time of the open grid cell: what a client that appears in the middle of it was idle. */
  private cellObservedMs = 0;
  private landmarkMs: EpochMs = 0;
  private evictedClients = 0;
  private modelledWindows = 0;
  private modelledSteps = 0;
  private lateWindows = 0;
  private lateSteps = 0;
  private poorWindows = 0;
  private foldedRoutes = 0;
  private foldedTransitions = 0;
  private droppedGridSteps = 0;

  constructor(private readonly config: BehaviorConfig) {
    this.waiting = new StepQueue(config.maxWaitingWindows);
    this.budget = { remaining: config.maxHistoryValues, refusals: 0 };
  }

  /** Takes a batch of the data plane or of the store; batches come in order of time. Throws if the grid does not fit the steps. */
  observe(windows: readonly ClientWindow[], closedSteps: readonly ClosedStep[]): void {
    for (const window of windows) {
      if (window.startMs < this.frontierMs) this.lateWindows += 1;
      else this.waiting.add(window);
    }
    for (const step of [...closedSteps].sort((a, b) => a.startMs - b.startMs)) {
      if (step.startMs < this.frontierMs) this.lateSteps += 1;
      else this.closeStep(step);
    }
  }

  *clients(): Iterable<ClientKey> {
    for (const model of this.models.values()) yield model.key;
  }

  /** As of the last closed step. Histograms are effective counts: an observation one half-life old counts half. */
  profile(key: ClientKey): BehaviorProfile | undefined {
    return this.models
      .get(clientKeyToString(key))
      ?.toProfile(this.frontierMs, this.weightAt(this.frontierMs));
  }

  /** The demand that is kept of a client, up to the last completed grid step; empty for an unknown client. */
  demand(key: ClientKey): DemandSeries {
    const values = this.models.get(clientKeyToString(key))?.ring.toArray() ?? new Float64Array(0);
    const stepMs = this.config.gridStep;
    return { startMs: (this.cellStartMs ?? 0) - values.length * stepMs, stepMs, values };
  }

  /** Grid steps completed since the last call, for all clients known at the time, in order of time, each exactly once. */
  drainGridSteps(): GridStep[] {
    const drained = this.completed;
    this.completed = [];
    return drained;
  }

  counters(): BehaviorCounters {
    let { foldedRoutes, foldedTransitions } = this;
    for (const model of this.models.values()) {
      foldedRoutes += model.routes.folded;
      foldedTransitions += model.transitions.folded;
    }
    return {
      clients: this.models.size,
      evictedClients: this.evictedClients,
      modelledWindows: this.modelledWindows,
      modelledSteps: this.modelledSteps,
      lateWindows: this.lateWindows,
      lateSteps: this.lateSteps,
      unclosedWindows: this.waiting.unclosedWindows,
      overflowedWindows: this.waiting.overflowedWindows,
      poorWindows: this.poorWindows,
      foldedRoutes,
      foldedTransitions,
      droppedGridSteps: this.droppedGridSteps,
      refusedHistoryGrowths: this.budget.refusals,
    };
  }

  private closeStep(step: ClosedStep): void {
    checkGridStep(this.config.gridStep, step.stepMs);
    this.enterCellOf(step.startMs);
    this.modelledSteps += 1;
    const weight = this.weightAt(step.startMs);
    const isStepGood = step.coverageRatio >= this.config.minCoverageRatio;
    for (const window of this.waiting.take(step)) this.closeWindow(window, step, isStepGood, weight);
    if (isStepGood) {
      for (const model of this.models.values()) {
        if (model.activeStepMs !== step.startMs) model.addStep(step, 0, weight, this.config.halfLife);
      }
      this.cellObservedMs += step.stepMs;
    }
    this.frontierMs = step.startMs + step.stepMs;
    if (this.frontierMs >= this.cellStartMs! + this.config.gridStep) this.completeCell();
  }

  private closeWindow(window: ClientWindow, step: ClosedStep, isStepGood: boolean, weight: number): void {
    const model = this.activate(window);
    // The same client twice in one step would be counted twice.
    if (model.activeStepMs === window.startMs) {
      this.lateWindows += 1;
      return;
    }
    this.modelledWindows += 1;
    model.addWindow(window, weight);
    if (isStepGood && window.coverageRatio >= this.config.minCoverageRatio) {
      model.addStep(step, window.requestsCorrected, weight, this.config.halfLife);
    } else {
      this.poorWindows += 1;
    }
  }

  /** The window's client, moved to the end of the map; the idlest gives way to a new one. */
  private activate(window: ClientWindow): ClientModel {
    const text = clientKeyToString(window);
    let model = this.models.get(text);
    if (model) {
      this.models.delete(text);
    } else {
      if (this.models.size >= this.config.maxClients) this.evictIdlest();
      const key = { application: window.application, client: window.client };
      model = new ClientModel(key, window.startMs, this.config, this.budget);
      model.cell.addStep(this.cellObservedMs, 0);
    }
    this.models.set(text, model);
    return model;
  }

  private evictIdlest(): void {
    const [text, model] = this.models.entries().next().value!;
    model.ring.release();
    this.foldedRoutes += model.routes.folded;
    this.foldedTransitions += model.transitions.folded;
    this.models.delete(text);
    this.evictedClients += 1;
  }

  /** Completes the cells that end before the step, missing ones included; never more of them than a history holds. */
  private enterCellOf(stepStartMs: EpochMs): void {
    const { gridStep, historyLength } = this.config;
    const cellStartMs = Math.floor(stepStartMs / gridStep) * gridStep;
    if (this.cellStartMs === undefined) {
      this.cellStartMs = cellStartMs;
      this.landmarkMs = stepStartMs;
      return;
    }
    if (this.cellStartMs < cellStartMs) this.completeCell();
    const earliestMs = cellStartMs - Math.ceil(historyLength / gridStep) * gridStep;
    if (this.cellStartMs < earliestMs) {
      this.droppedGridSteps += ((earliestMs - this.cellStartMs) / gridStep) * this.models.size;
      this.cellStartMs = earliestMs;
    }
    while (this.cellStartMs < cellStartMs) this.completeCell();
  }

  private completeCell(): void {
    const { gridStep, maxUndrainedSteps } = this.config;
    const startMs = this.cellStartMs!;
    for (const { key, cell, ring } of this.models.values()) {
      const ratePerSecond = cell.ratePerSecond(gridStep);
      cell.clear();
      ring.push(ratePerSecond);
      this.completed.push({ key, startMs, ratePerSecond });
    }
    if (this.completed.length > maxUndrainedSteps) {
      // Half of them at once, so that the copy is rare.
      const dropped = this.completed.length - (maxUndrainedSteps >> 1);
      this.completed = this.completed.slice(dropped);
      this.droppedGridSteps += dropped;
    }
    this.cellStartMs = startMs + gridStep;
    this.cellObservedMs = 0;
  }

  private weightAt(timeMs: EpochMs): number {
    const exponent = (timeMs - this.landmarkMs) / this.config.halfLife;
    if (exponent <= MAX_WEIGHT_EXPONENT) return 2 ** exponent;
    for (const model of this.models.values()) model.multiply(2 ** -exponent);
    this.landmarkMs = timeMs;
    return 1;
  }
}
