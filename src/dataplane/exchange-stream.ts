import type { FrameCount, Input, InputFault, NamedCounter, Progress } from './input.js';
import { callNative, loadAddon, readBatches } from './native.js';
import { DEFAULT_MAX_CONNECTIONS } from './window-stream.js';

export interface ReadExchangesOptions {
  inputs: readonly Input[];
  /** `tsv` begins with a header line; `ndjson` is one `Exchange` a line. */
  format: 'tsv' | 'ndjson';
  /** Connections followed at once. Default 262 144. */
  maxConnections?: number;
  /** Called after every batch. */
  onProgress?: (progress: Progress) => void;
  /** Called for every input that cannot be read, or not to its end. */
  onFault?: (fault: InputFault) => void;
  signal?: AbortSignal;
}

/** Whole rows in order of request time, chunk by chunk; iterate once. */
export interface ExchangeStream extends AsyncIterable<Buffer> {
  /** Where every frame ended, as of the last batch made. */
  account(): FrameCount[];
  counters(): NamedCounter[];
}

const TARGET_CHUNK_BYTES = 256 * 1024;
/** So that progress is told, and a signal heard, also where no rows come. */
const MAX_FRAMES_PER_BATCH = 200_000;

/** Reads inputs into one row an exchange. Throws {@link DataplaneError} on wrong usage. */
export function readExchanges(options: ReadExchangesOptions): ExchangeStream {
  const { inputs, format, onProgress, onFault, signal } = options;
  const { ExchangeReader } = loadAddon();
  const maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  const reader = callNative(() => new ExchangeReader({ inputs: [...inputs], format, maxConnections }));
  return {
    async *[Symbol.asyncIterator]() {
      const next = () => reader.next(TARGET_CHUNK_BYTES, MAX_FRAMES_PER_BATCH);
      for await (const batch of readBatches(next, signal)) {
        for (const fault of batch.faults) onFault?.(fault as InputFault);
        onProgress?.(batch.progress);
        if (batch.rows.length > 0) yield batch.rows;
      }
    },
    account: () => reader.account(),
    counters: () => reader.counters(),
  };
}
