// Windows, closed steps, forecasts, decisions and what came of them enter, each any number of times; they leave in order
// and once, in the same or a later process. `types.ts` are the ports, `drivers/` what stands behind them. Does not
// interpret what it keeps, except for demand on a grid, whose one rule is in `demand.ts`.
export * from './config.js';
export * from './demand.js';
export * from './error.js';
export * from './registry.js';
export * from './types.js';
