import type { Progress } from './input.js';
import { callNative, loadAddon, readBatches } from './native.js';

export interface SynthesizeOptions {
  /** A preset (`demo?days=3&seed=7`), a JSON text, or the path of a file with that. */
  spec: string;
  onProgress?: (progress: Progress) => void;
  /** Called once, at the end: what was generated, client by client, for whoever checks a reader against it. */
  onTruth?: (truth: unknown) => void;
  signal?: AbortSignal;
}

const TARGET_CHUNK_BYTES = 1024 * 1024;

/**
 * The bytes of a pcap file with the traffic that a spec describes; the same spec gives the same bytes. Throws
 * {@link DataplaneError} on a spec that cannot be used.
 */
export function synthesize(options: SynthesizeOptions): AsyncIterable<Buffer> {
  const { spec, onProgress, onTruth, signal } = options;
  const { SynthReader } = loadAddon();
  const reader = callNative(() => new SynthReader(spec));
  return {
    async *[Symbol.asyncIterator]() {
      for await (const chunk of readBatches(() => reader.next(TARGET_CHUNK_BYTES), signal)) {
        onProgress?.(chunk.progress);
        if (chunk.bytes.length > 0) yield chunk.bytes;
        if (chunk.truth) onTruth?.(JSON.parse(chunk.truth));
      }
    },
  };
}
