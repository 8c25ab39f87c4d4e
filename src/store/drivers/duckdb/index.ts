// The nouns of the domain enter as they are and are kept as columns of a DuckDB file or of memory; they leave as they entered. One process at
// a time has the file. Does not decide how long rows are kept.
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ForetapError, type Logger } from '../../../core/index.js';
import type { Store } from '../../types.js';
import { type DuckDbConfig, MEMORY_PATH } from './config.js';
import { DuckDbStore } from './duckdb-store.js';
import { toStoreError } from './failure.js';
import { migrate } from './migration.js';

/** Opens the file or memory that the configuration names and brings its schema up to date. */
export async function openDuckDbStore(config: DuckDbConfig, logger: Logger): Promise<Store> {
  try {
    const instance = await openInstance(config);
    const connections: DuckDBConnection[] = [];
    try {
      const writer = await instance.connect();
      connections.push(writer);
      await migrate(writer, config.path);
      const reader = await instance.connect();
      connections.push(reader);
      const store = new DuckDbStore(instance, writer, reader, config, logger);
      await store.open();
      return store;
    } catch (error) {
      for (const connection of connections) connection.closeSync();
      instance.closeSync();
      throw error;
    }
  } catch (error) {
    throw error instanceof ForetapError ? error : toStoreError(config.path, error);
  }
}

function openInstance(config: DuckDbConfig): Promise<DuckDBInstance> {
  const options = { memory_limit: config.memoryLimit, autoinstall_known_extensions: 'false' };
  // From the cache, because DuckDB's lock on a file does not hold against its own process: twice opened, it would be damaged.
  return config.path === MEMORY_PATH
    ? DuckDBInstance.create(MEMORY_PATH, options)
    : DuckDBInstance.fromCache(config.path, options);
}
