// Enters: a client's demand, step by step, missing steps marked. Leaves: its forecast as quantiles, for each step ahead and for
// the maximum over the lead time, with who was believed and how well it went; and the backtest that measures all of it.
// Does not decide on capacity, reads no clock, keeps nothing on disk.
export * from './backtest.js';
export * from './backtest-report.js';
export * from './client-forecaster.js';
export * from './config.js';
export * from './demand-csv.js';
export type { ExpertForecast } from './ensemble.js';
export * from './quantile.js';
export * from './velocity.js';
