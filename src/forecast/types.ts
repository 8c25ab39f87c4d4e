import type { DemandHistory } from './demand-history.js';
import type { Season } from './season.js';

/** What an expert is built from. The history is shared and already holds the step when `observe` is called. */
export interface ExpertContext {
  /** Demand in one step that amounts to one request, requests/s: the natural unit below which all is noise. */
  readonly unitPerSecond: number;
  readonly history: DemandHistory;
  readonly seasons: readonly Season[];
  /** Steps ahead at which errors are measured, ascending from 1. */
  readonly knots: readonly number[];
}

/**
 * One way to see the future of one client: a point forecast. Its quantiles come from its own past errors, the same way for every
 * expert. Deterministic; reads no clock; O(1) a step but for rare re-choices.
 */
export interface Expert {
  /** Unique, lower-case with hyphens; appears in forecasts and tables. */
  readonly name: string;
  /** Takes the observation at step `index`, a finite non-negative rate. Missing steps are not announced: indices jump. */
  observe(index: number, ratePerSecond: number): void;
  /**
   * Writes the forecast for the steps `firstAhead`, `firstAhead + 1`, … after the last observation, one for each place in `out`;
   * non-negative and finite. Returns `false`, with `out` undefined, while it has nothing to say. Changes no state.
   */
  forecast(firstAhead: number, out: Float64Array): boolean;
}

export type ExpertFactory = (context: ExpertContext) => Expert[];
