// Units, time, ids, errors, and the interfaces of logger and metrics. Imports nothing of ours; knows nothing of
// traffic, forecasts or resources.
export * from './error.js';
export * from './id.js';
export * from './logger.js';
export * from './metric.js';
export * from './time.js';
