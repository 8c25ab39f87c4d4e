// In: batches of windows in order of time. Out: forecasts, decisions and outcomes in the store, commands and alerts on the bus. It
// joins the rooms before it at every review tick; what each of them does is theirs. Reads no clock: time is the windows'.
export { type EngineConfig, EngineConfigSchema } from './config.js';
export { type EngineOptions, type EngineTotals, ScalingEngine } from './engine.js';
export { type ClientScore, type Readiness, Scorecard } from './scorecard.js';
