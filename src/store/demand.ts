import { UsageError } from '../core/index.js';
import type { ClosedStep, DemandSeries } from '../domain/index.js';
import type { DemandQuery } from './types.js';

/** A grid step is missing if less than this share of it was captured well: half is enough for a mean that means something. */
export const MIN_OBSERVED_RATIO = 0.5;

/** The part of a window that demand is made of. */
export interface StepRequests {
  readonly startMs: number;
  readonly stepMs: number;
  readonly requestsCorrected: number;
  readonly coverageRatio: number;
}

/**
 * One step of the grid in the making: the one rule by which steps of the data plane become demand. A closed step counts if it and the client's
 * window in it were captured well enough; without a window it counts as idle.
 */
export class GridCell {
  private requests = 0;
  private observedMs = 0;

  addStep(stepMs: number, requestsCorrected: number): void {
    this.requests += requestsCorrected;
    this.observedMs += stepMs;
  }

  /** Requests per second over what was observed; `NaN` if that is less than {@link MIN_OBSERVED_RATIO} of the grid step. */
  ratePerSecond(gridStepMs: number): number {
    if (this.observedMs < gridStepMs * MIN_OBSERVED_RATIO) return Number.NaN;
    return this.requests / (this.observedMs / 1000);
  }

  clear(): void {
    this.requests = 0;
    this.observedMs = 0;
  }
}

/**
 * One client's windows and the closed steps → demand on the grid of `query`. Steps that were not closed or captured below the minimum
 * are missing; closed steps without a window are zero; windows whose step was never closed do not count. Any order of input; at
 * most one window and one closed step for each start.
 */
export function toDemandSeries(
  windows: readonly StepRequests[],
  closedSteps: readonly ClosedStep[],
  query: DemandQuery,
): DemandSeries {
  const { gridStepMs, minCoverageRatio } = query;
  const startMs = Math.floor(query.fromMs / gridStepMs) * gridStepMs;
  const cells = Array.from(
    { length: Math.max(0, Math.ceil((query.toMs - startMs) / gridStepMs)) },
    () => new GridCell(),
  );
  const windowByStep = new Map(windows.map((window) => [stepKey(window), window]));
  for (const step of closedSteps) {
    checkGridStep(gridStepMs, step.stepMs);
    const cell = cells[Math.floor((step.startMs - startMs) / gridStepMs)];
    const window = windowByStep.get(stepKey(step));
    const coverageRatio = Math.min(step.coverageRatio, window?.coverageRatio ?? 1);
    if (cell && coverageRatio >= minCoverageRatio) {
      cell.addStep(step.stepMs, window?.requestsCorrected ?? 0);
    }
  }
  return {
    startMs,
    stepMs: gridStepMs,
    values: Float64Array.from(cells, (c) => c.ratePerSecond(gridStepMs)),
  };
}

/** Throws {@link UsageError} unless the grid step is a multiple of the windows' step. */
export function checkGridStep(gridStepMs: number, stepMs: number): void {
  if (gridStepMs % stepMs !== 0) {
    throw new UsageError(
      `A grid of ${gridStepMs} ms does not fit windows of ${stepMs} ms`,
      'Choose a grid step that is a multiple of the window step.',
    );
  }
}

function stepKey(step: { startMs: number; stepMs: number }): string {
  return `${step.startMs}/${step.stepMs}`;
}
