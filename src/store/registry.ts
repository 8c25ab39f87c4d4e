import type { Logger } from '../core/index.js';
import type { StoreConfig } from './config.js';
import { openDuckDbStore } from './drivers/duckdb/index.js';
import type { Store } from './types.js';

/** Opens a driver's store, creating or migrating its schema. Rejects with one of the errors of `error.ts`. */
export type OpenStore = (config: StoreConfig, logger: Logger) => Promise<Store>;

/** One line a driver; a driver's folder has the same name. */
export const STORE_DRIVERS = {
  duckdb: openDuckDbStore,
} satisfies Record<StoreConfig['driver'], OpenStore>;

/** The store that the configuration names. */
export function openStore(config: StoreConfig, logger: Logger): Promise<Store> {
  return STORE_DRIVERS[config.driver](config, logger);
}
