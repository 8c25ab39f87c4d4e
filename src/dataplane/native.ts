import { createRequire } from 'node:module';
import type * as Addon from '../../native-bindings/dataplane-addon/index.js';
import { DataplaneError, toDataplaneError } from './error.js';

let addon: typeof Addon | undefined;

/** The native addon, loaded at first use. */
export function loadAddon(): typeof Addon {
  try {
    addon ??= createRequire(import.meta.url)(
      '../../native-bindings/dataplane-addon/index.js',
    ) as typeof Addon;
    return addon;
  } catch (cause) {
    throw new DataplaneError(
      'DATAPLANE_MISSING',
      'the native data plane cannot be loaded',
      'Build it: npm run build:native.',
      { cause },
    );
  }
}

/** Runs a call of the addon; its coded errors become {@link DataplaneError}. */
export function callNative<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw toDataplaneError(thrown);
  }
}

/**
 * The batches of a native reader until the one that is done. The next batch is made in the pool while the caller works on the
 * one before. Rejects with the signal's reason once that is aborted, without waiting for the batch under way: a pipe may keep it
 * waiting for ever.
 */
export async function* readBatches<B extends { isDone: boolean }>(
  next: () => Promise<B>,
  signal: AbortSignal | undefined,
): AsyncGenerator<B, void, undefined> {
  let isDone = false;
  let pending: Promise<B> | undefined;
  try {
    while (!isDone) {
      signal?.throwIfAborted();
      pending ??= next();
      const batch = await orAborted(pending, signal);
      isDone = batch.isDone;
      pending = isDone ? undefined : next();
      yield batch;
    }
  } finally {
    // A caller that stops early has no use for the batch under way; nothing may stay unhandled.
    const settled = pending?.catch(() => undefined);
    if (!signal?.aborted) await settled;
  }
}

/** Settles as `promise` does, or rejects with the signal's reason if that is aborted first. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
