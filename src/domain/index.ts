// The nouns of the line, from left to right: types and schemas only, no behavior. Everything that crosses a border
// between rooms, the store or the bus is one of these.
export * from './alert.js';
export * from './behavior-profile.js';
export * from './client-window.js';
export * from './command-verb.js';
export * from './demand-series.js';
export * from './duration.js';
export * from './exchange.js';
export * from './forecast.js';
export * from './histogram.js';
export * from './key.js';
export * from './notice.js';
export * from './outcome.js';
export * from './scaling-decision.js';
export * from './shadow.js';
export * from './shadow-command.js';
