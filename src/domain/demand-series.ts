/**
 * A client's demand on a regular grid, oldest first. Requests per second, mean over the step; `NaN` is missing (not captured, or
 * captured too badly), which is not zero.
 */
export interface DemandSeries {
  readonly startMs: number;
  readonly stepMs: number;
  readonly values: Float64Array;
}
