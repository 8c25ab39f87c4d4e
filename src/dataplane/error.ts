import { EXIT_CODE, type ExitCode, ForetapError } from '../core/index.js';
import type { InputFault } from './input.js';

/** What the data plane could not do; the message names the place and the cure. */
export class DataplaneError extends ForetapError {
  readonly code: 'DATAPLANE_USAGE' | 'DATAPLANE_UNREADABLE' | 'DATAPLANE_FAILED' | 'DATAPLANE_MISSING';
  readonly exitCode: ExitCode;

  constructor(code: DataplaneError['code'], message: string, cure?: string, options?: ErrorOptions) {
    super(message, cure, options);
    this.code = code;
    this.exitCode = EXIT_CODES[code];
  }
}

const EXIT_CODES: Record<DataplaneError['code'], ExitCode> = {
  DATAPLANE_USAGE: EXIT_CODE.usage,
  DATAPLANE_UNREADABLE: EXIT_CODE.unreadableInput,
  DATAPLANE_FAILED: EXIT_CODE.failed,
  DATAPLANE_MISSING: EXIT_CODE.failed,
};

const ERROR_CODES = {
  usage: 'DATAPLANE_USAGE',
  unreadable: 'DATAPLANE_UNREADABLE',
  failed: 'DATAPLANE_FAILED',
} as const;

/** For a command that ends after the other inputs were read. */
export function faultToError(fault: InputFault): DataplaneError {
  return new DataplaneError(ERROR_CODES[fault.code], fault.message);
}

/** Errors of the addon that the user can mend become ours; everything else is a defect and passes. */
export function toDataplaneError(thrown: unknown): unknown {
  const { code, message } = thrown as { code?: string; message?: string };
  if (code !== 'usage' && code !== 'unreadable' && code !== 'failed') return thrown;
  return faultToError({ code, message: message ?? '' });
}
