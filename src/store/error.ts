import { EXIT_CODE, ForetapError } from '../core/index.js';

/** Another process has the store open. */
export class StoreLockedError extends ForetapError {
  readonly code = 'STORE_LOCKED';
  readonly exitCode = EXIT_CODE.failed;
}

/** What the path names is not a store, or not one that this version can open. */
export class StoreFormatError extends ForetapError {
  readonly code = 'STORE_FORMAT';
  readonly exitCode = EXIT_CODE.usage;
}

/** The path cannot be opened: its directory is missing, it is a directory itself, or permission is lacking. */
export class StorePathError extends ForetapError {
  readonly code = 'STORE_PATH';
  readonly exitCode = EXIT_CODE.usage;
}

/** A newer foretap has written the store. */
export class StoreSchemaError extends ForetapError {
  readonly code = 'STORE_SCHEMA_NEWER';
  readonly exitCode = EXIT_CODE.usage;
}

/** No space is left where the store writes. What was not written stays buffered. */
export class StoreFullError extends ForetapError {
  readonly code = 'STORE_FULL';
  readonly exitCode = EXIT_CODE.failed;
}

/** The store failed in a way that none of the other classes names; `cause` is its own error. */
export class StoreFailedError extends ForetapError {
  readonly code = 'STORE_FAILED';
  readonly exitCode = EXIT_CODE.failed;
}

/** Use after {@link Store.close}. */
export class StoreClosedError extends ForetapError {
  readonly code = 'STORE_CLOSED';
  readonly exitCode = EXIT_CODE.failed;
}
