import type { ForetapError } from '../../../core/index.js';
import {
  StoreFailedError,
  StoreFormatError,
  StoreFullError,
  StoreLockedError,
  StorePathError,
} from '../../error.js';

/** What DuckDB says → whose error it is. DuckDB has no error numbers, so its words decide; the first match wins. */
const CAUSES: readonly [RegExp, (path: string, detail: string, cause: unknown) => ForetapError][] = [
  [
    /Could not set lock on file/,
    (path, detail, cause) => {
      const holder = /held in (\S+) \(PID (\d+)\)/.exec(detail);
      const by = holder ? ` (${holder[1]}, process ${holder[2]})` : '';
      return new StoreLockedError(
        `${path} is open in another process${by}`,
        'Stop that process, or give this one another path in store.path: DuckDB lets one process at a time open a file.',
        { cause },
      );
    },
  ],
  [
    /not a valid DuckDB database file/,
    (path, _detail, cause) =>
      new StoreFormatError(
        `${path} is not a DuckDB file`,
        'Name another file in store.path; foretap creates it. This one was left as it is.',
        { cause },
      ),
  ],
  [
    /file with version number|newer version of DuckDB|older version of DuckDB/,
    (path, detail, cause) =>
      new StoreFormatError(
        `${path} was written by a DuckDB that this one cannot read: ${detail}`,
        'Use the foretap that wrote it, or name another file in store.path.',
        { cause },
      ),
  ],
  [
    /No space left on device|Disk quota exceeded|File too large/,
    (path, _detail, cause) =>
      new StoreFullError(
        `No space left to write ${path}`,
        'Free space on that file system or shorten store.retention; what was not written is kept in memory and tried again.',
        { cause },
      ),
  ],
  [
    /No such file or directory/,
    (path, _detail, cause) =>
      new StorePathError(
        `The directory of ${path} does not exist`,
        'Create it, or name another path in store.path.',
        { cause },
      ),
  ],
  [
    /Is a directory/,
    (path, _detail, cause) =>
      new StorePathError(`${path} is a directory`, 'Name a file in store.path.', { cause }),
  ],
  [
    /Permission denied|read-only|Read-only file system/,
    (path, _detail, cause) =>
      new StorePathError(
        `No permission to write ${path}`,
        'Give the user that runs foretap the right to write the file and its directory, or name another path in store.path.',
        { cause },
      ),
  ],
];

/** Whatever DuckDB threw → one of the store's errors, naming the file and a cure. */
export function toStoreError(path: string, cause: unknown): ForetapError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  for (const [pattern, create] of CAUSES) {
    if (pattern.test(detail)) return create(path, detail, cause);
  }
  return new StoreFailedError(
    `The store ${path} failed: ${detail}`,
    'If it stays so, move the file away and let foretap create a new one.',
    { cause },
  );
}
