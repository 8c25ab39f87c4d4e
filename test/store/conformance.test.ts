import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOGGER } from '../../src/core/index.js';
import { openStore, StoreConfigSchema } from '../../src/store/index.js';
import { describeStoreConformance } from '../conformance/store.js';

describeStoreConformance('duckdb', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'foretap-store-'));
  const config = StoreConfigSchema.parse({ path: join(directory, 'store.duckdb') });
  return {
    open: () => openStore(config, SILENT_LOGGER),
    remove: () => rm(directory, { recursive: true }),
  };
});
