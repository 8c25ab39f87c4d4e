// What the commands that read traffic share: how an input is named on the command line, and how its faults end the command.

import { UsageError } from '../core/index.js';
import { type DataplaneError, faultToError, type Input, type InputFault } from '../dataplane/index.js';
import type { StoreConfig } from '../store/index.js';
import { describeError } from './output.js';

export const FILE_ARGUMENT =
  'capture: pcap or pcapng, plain, gzip or zstd; "-" for stdin; "synth:SPEC" for synthetic traffic';

const SYNTH_PREFIX = 'synth:';

/** `synth:demo` → synthetic traffic; anything else is a capture file. Throws {@link UsageError} on a combination that cannot be read. */
export function parseInputs(texts: readonly string[]): Input[] {
  const inputs = texts.map(
    (text): Input =>
      text.startsWith(SYNTH_PREFIX)
        ? { kind: 'synth', spec: text.slice(SYNTH_PREFIX.length) }
        : { kind: 'capture', path: text },
  );
  if (inputs.length > 1 && inputs.some((input) => input.kind === 'synth')) {
    throw new UsageError(
      'synthetic traffic cannot be read together with another input',
      'Write it to a file first: foretap synth SPEC --out FILE.',
    );
  }
  if (texts.filter((text) => text === '-').length > 1) {
    throw new UsageError('stdin ("-") is named more than once', 'Name it once.');
  }
  return inputs;
}

export const STORE_OPTION = [
  '--store <file>',
  'the store to use (default: store.path of the configuration); ":memory:" keeps nothing',
] as const;

/** The store's settings with the path given on the command line, if one was. Throws {@link UsageError} on an empty one. */
export function withStorePath(config: StoreConfig, path: string | undefined): StoreConfig {
  if (path === '')
    throw new UsageError('--store names no file', 'Give a path, or ":memory:" to keep nothing.');
  return path === undefined ? config : { ...config, path };
}

/** Tells every input fault once, as it happens, and remembers how the command has to end. */
export class FaultReport {
  private first: DataplaneError | null = null;

  constructor(private readonly write: (text: string) => void) {}

  add(fault: InputFault): void {
    const error = faultToError(fault);
    this.first ??= error;
    this.write(describeError(error));
  }

  /** Sets the process's exit code where there was a fault; what could be read was used. */
  settle(): void {
    if (this.first) process.exitCode = this.first.exitCode;
  }
}
