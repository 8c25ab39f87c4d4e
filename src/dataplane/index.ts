// The only importer of the native addon. In: captures, interfaces, synthetic demand. Out: batches of typed windows, rows of
// exchanges, bytes of captures. Parses no packets itself, stores nothing.

export { IdentityConfig, WindowConfig } from './config.js';
export { DataplaneError, faultToError } from './error.js';
export { type ExchangeStream, type ReadExchangesOptions, readExchanges } from './exchange-stream.js';
export type { FrameCount, Input, InputFault, NamedCounter, Progress } from './input.js';
export { type SynthesizeOptions, synthesize } from './synth-stream.js';
export {
  type ReadWindowsOptions,
  readWindows,
  type WindowBatch,
  type WindowStream,
} from './window-stream.js';
