import type { ClientWindow, ClosedStep } from '../domain/index.js';
import { IdentityConfig, WindowConfig } from './config.js';
import type { FrameCount, Input, InputFault, NamedCounter, Progress } from './input.js';
import { callNative, loadAddon, readBatches } from './native.js';

export interface ReadWindowsOptions {
  inputs: readonly Input[];
  /** Default: discovery without rules. */
  identity?: IdentityConfig;
  /** Default: steps of 10 s. */
  window?: WindowConfig;
  /** Connections followed at once. Default 262 144. */
  maxConnections?: number;
  /** A batch ends after so many frames. Default 100 000: some 20 ms of work. */
  maxFramesPerBatch?: number;
  /** A batch spans at most so much packet time, for whoever paces a replay. Default: any. */
  maxSpanMs?: number;
  signal?: AbortSignal;
}

/** What became known by one batch of frames; may be empty, then it tells progress only. */
export interface WindowBatch {
  windows: ClientWindow[];
  /** All windows of a closed step came before it or are in this batch. */
  closedSteps: ClosedStep[];
  faults: InputFault[];
  progress: Progress;
}

/** Batches in order of time; iterate once. */
export interface WindowStream extends AsyncIterable<WindowBatch> {
  /** Where every frame ended, as of the last batch made. */
  account(): FrameCount[];
  counters(): NamedCounter[];
}

/** Bounds the memory of the flow table; some 40 MB when full. */
export const DEFAULT_MAX_CONNECTIONS = 262_144;
export const DEFAULT_MAX_FRAMES_PER_BATCH = 100_000;

/**
 * Reads inputs into windows. Throws {@link DataplaneError} on wrong usage; an input that cannot be read is a fault in a
 * batch and ends nothing but itself.
 */
export function readWindows(options: ReadWindowsOptions): WindowStream {
  const { inputs, maxSpanMs, signal } = options;
  const identity = options.identity ?? IdentityConfig.parse({});
  const window = options.window ?? WindowConfig.parse({});
  const maxFrames = options.maxFramesPerBatch ?? DEFAULT_MAX_FRAMES_PER_BATCH;
  const { WindowReader } = loadAddon();
  const reader = callNative(
    () =>
      new WindowReader({
        inputs: [...inputs],
        ...identity,
        ...window,
        maxConnections: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      }),
  );
  return {
    async *[Symbol.asyncIterator]() {
      for await (const batch of readBatches(() => reader.next(maxFrames, maxSpanMs), signal)) {
        yield {
          // Text made by the data plane in the domain's own form: checked by tests, not object by object.
          windows: JSON.parse(batch.windows) as ClientWindow[],
          closedSteps: JSON.parse(batch.closedSteps) as ClosedStep[],
          faults: batch.faults as InputFault[],
          progress: batch.progress,
        };
      }
    },
    account: () => reader.account(),
    counters: () => reader.counters(),
  };
}
