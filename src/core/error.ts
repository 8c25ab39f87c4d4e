/** Exit codes of every command. */
export const EXIT_CODE = { done: 0, failed: 1, usage: 2, unreadableInput: 3 } as const;
export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];

/**
 * The base of every error that a user may see: one class per cause, a message that names the place, a cure.
 * Anything else that is thrown is a defect of ours.
 */
export abstract class ForetapError extends Error {
  /** Stable, upper-case, for programs: `CONFIG_INVALID`. */
  abstract readonly code: string;
  abstract readonly exitCode: ExitCode;

  constructor(
    message: string,
    /** What the reader can do about it; one sentence. */
    readonly cure?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Wrong usage of a command: unknown option, missing argument, impossible combination. */
export class UsageError extends ForetapError {
  readonly code = 'USAGE';
  readonly exitCode = EXIT_CODE.usage;
}

/** An input that cannot be read, or not to its end. */
export class UnreadableInputError extends ForetapError {
  readonly code = 'INPUT_UNREADABLE';
  readonly exitCode = EXIT_CODE.unreadableInput;
}
