// Windows and closed steps of the data plane enter, live or from the store; a profile and a demand series for each client leave, and
// every grid step once, for the forecasters. Does not forecast, does not read the store, knows no clock.
export * from './behavior-model.js';
export * from './config.js';
export * from './histogram.js';
