import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../../src/core/index.js';
import { MEMORY_PATH } from '../../../src/store/drivers/duckdb/config.js';
import { toStoreError } from '../../../src/store/drivers/duckdb/failure.js';
import { migrate } from '../../../src/store/drivers/duckdb/migration.js';
import { columnTypes, TABLES } from '../../../src/store/drivers/duckdb/table.js';
import {
  openStore,
  type Store,
  StoreConfigSchema,
  StoreFormatError,
  StoreFullError,
  StoreLockedError,
  StorePathError,
  StoreSchemaError,
} from '../../../src/store/index.js';
import { closedSteps, KEY, START_MS, sampleDecision, sampleForecast, sampleWindow } from '../sample.js';

let directory: string;
let path: string;
const stores: Store[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'foretap-duckdb-'));
  path = join(directory, 'store.duckdb');
});

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await rm(directory, { recursive: true });
});

async function open(change: object = {}): Promise<Store> {
  const store = await openStore(StoreConfigSchema.parse({ path, ...change }), SILENT_LOGGER);
  stores.push(store);
  return store;
}

async function runSql(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.fromCache(path);
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

describe('schema', () => {
  it('has the columns and types that the domain wants', async () => {
    const instance = await DuckDBInstance.create(MEMORY_PATH);
    const connection = await instance.connect();
    await migrate(connection, MEMORY_PATH);
    for (const table of Object.values(TABLES)) {
      const described = await connection.runAndReadAll(`DESCRIBE ${table.name}`);
      const columns = described.getRows().map(([column, type]) => [column, String(type).replaceAll('"', '')]);
      const wanted = columnTypes(table).map(([column, type]) => [column, type.replaceAll('"', '')]);
      expect(columns.sort(), table.name).toEqual(wanted.sort());
    }
    connection.closeSync();
    instance.closeSync();
  });

  it('is made once and refuses a newer one', async () => {
    const store = await open();
    await store.close();
    await (await open()).close();
    expect(await runSql('SELECT count(*)::INTEGER, max(number) FROM schema_migration')).toEqual([[1, 1]]);
    await runSql(`INSERT INTO schema_migration VALUES (99, 'from the future')`);
    await expect(open()).rejects.toThrow(StoreSchemaError);
    await expect(open()).rejects.toThrow(/schema 99/);
  });
});

describe('a path that cannot be opened', () => {
  it('is not a DuckDB file', async () => {
    await writeFile(path, 'timestamp,value\n');
    await expect(open()).rejects.toThrow(StoreFormatError);
    await expect(open()).rejects.toThrow(`${path} is not a DuckDB file`);
  });

  it('lies in a missing directory, or is one', async () => {
    await expect(open({ path: join(directory, 'missing', 'store.duckdb') })).rejects.toThrow(StorePathError);
    await mkdir(path);
    await expect(open()).rejects.toThrow(`${path} is a directory`);
  });

  it('is locked by another process, which is named', async () => {
    await open();
    const program = `import { openStore, StoreConfigSchema } from ${JSON.stringify(join(process.cwd(), 'src/store/index.ts'))};
      const log = () => {};
      openStore(StoreConfigSchema.parse({ path: ${JSON.stringify(path)} }), { debug: log, info: log, warn: log, error: log })
        .then(() => process.stdout.write('opened'), (error) => process.stdout.write(error.code + ' ' + error.message + ' ' + error.cure));`;
    const script = join(directory, 'second.mts');
    await writeFile(script, program);
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script]);
    expect(stdout).toContain('STORE_LOCKED');
    expect(stdout).toContain(path);
    expect(stdout).toContain(`process ${process.pid}`);
  });
});

describe('errors while running', () => {
  it.each([
    ['IO Error: Could not write file "/var/x.duckdb": No space left on device', StoreFullError],
    ['IO Error: Cannot open file "/var/x.duckdb": Permission denied', StorePathError],
    [
      'IO Error: Could not set lock on file "/var/x.duckdb": Conflicting lock is held in /usr/bin/node (PID 7).',
      StoreLockedError,
    ],
  ])('%s', (message, errorClass) => {
    const error = toStoreError('/var/x.duckdb', new Error(message));
    expect(error).toBeInstanceOf(errorClass);
    expect(error.message).toContain('/var/x.duckdb');
    expect(error.cure).toMatch(/\.$/);
  });

  it('drops a row that the schema refuses and keeps the others', async () => {
    const store = await open();
    const bad = sampleDecision('dec-2', START_MS);
    bad.alpha = Number.NaN;
    const good = [1, 3, 4].map((n) => sampleDecision(`dec-${n}`, START_MS + n));
    await store.appendDecisions([good[0]!, bad, good[1]!, good[2]!]);
    expect(await store.listDecisions({})).toEqual(good);
    expect(store.counters()).toMatchObject({ refusedRows: 1, bufferedRows: 0 });
  });
});

describe('write-behind', () => {
  it('writes by itself after the interval', async () => {
    const store = await open({ flushInterval: '20ms' });
    await store.appendWindows([sampleWindow(0)], closedSteps(0, 1));
    expect(store.counters().bufferedRows).toBe(2);
    await expect.poll(() => store.counters().bufferedRows).toBe(0);
    expect(store.counters().flushes).toBe(1);
  });

  it('never holds more than its bound and one append', async () => {
    const store = await open({ flushBytes: 5_000, maxBufferedBytes: 20_000 });
    const rowBytes = JSON.stringify(sampleWindow(0)).length;
    for (let index = 0; index < 300; index += 1) {
      await store.appendWindows([sampleWindow(index)], []);
      expect(store.counters().bufferedBytes).toBeLessThan(20_000 + 2 * rowBytes);
    }
    expect((await store.listClients())[0]!.windows).toBe(300);
  });

  it('keeps rows in order when appends, flushes and reads run at once', async () => {
    const store = await open({ flushBytes: 2_000 });
    const forecasts = Array.from({ length: 60 }, (_, n) =>
      sampleForecast(`fc-${String(n).padStart(2, '0')}`, START_MS + n),
    );
    const reads = forecasts.map(async (forecast) => {
      await store.appendForecasts([forecast]);
      return store.forecastById(forecast.id);
    });
    expect(await Promise.all(reads)).toEqual(forecasts);
    expect(await store.readForecasts(KEY, { fromMs: 0, toMs: START_MS * 2 })).toEqual(forecasts);
  });
});

describe('numbers', () => {
  it('survive exactly', async () => {
    const store = await open({ path: MEMORY_PATH });
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    let id = 0;
    await fc.assert(
      fc.asyncProperty(finite, fc.maxSafeNat(), fc.string(), async (number, count, text) => {
        id += 1;
        const decision = sampleDecision(`dec-${id}`, START_MS + id, {
          velocityPerMinute: number === 0 ? 0 : number,
          currentResources: count,
          forecastId: text,
        });
        await store.appendDecisions([decision]);
        expect(await store.decisionById(decision.id)).toEqual(decision);
      }),
      { numRuns: 60 },
    );
  });
});

describe('rows of several chunks', () => {
  it('keep their nested lists and nulls apart', async () => {
    const store = await open({ path: MEMORY_PATH });
    const forecasts = Array.from({ length: 3_000 }, (_, n) =>
      sampleForecast(`fc-${n}`, START_MS + n, {
        quantiles: Array.from({ length: n % 3 }, () => sampleForecast('', 0).quantiles[0]!),
        skillRatio: n % 5 === 0 ? null : n,
        experts: Array.from({ length: n % 4 }, (_, expert) => ({
          expert: `expert ${expert}`,
          weightRatio: 1 / (1 + expert),
          pinballLoss: (n + expert) % 2 === 0 ? null : n,
          isDemoted: expert === 1,
        })),
      }),
    );
    await store.appendForecasts(forecasts);
    expect(await store.readForecasts(KEY, { fromMs: 0, toMs: START_MS * 2 })).toEqual(forecasts);
  });

  it('keep texts of any length, and NUL in them', async () => {
    const store = await open({ path: MEMORY_PATH });
    const texts = ['', 'a\u0000b', 'exactly 12 b', 'thirteen byte', 'ü'.repeat(100_000)];
    const windows = texts.map((text, index) =>
      sampleWindow(index, { transitions: [{ from: text, to: `${text}/`, count: 1 }] }),
    );
    await store.appendWindows(windows, []);
    const read = [];
    for await (const batch of store.readWindows({ fromMs: 0, toMs: START_MS * 2 })) read.push(...batch);
    expect(read).toEqual(windows);
  });
});

it('has after a kill what was flushed before it', async () => {
  const program = `import { SILENT_LOGGER } from ${JSON.stringify(join(process.cwd(), 'src/core/index.ts'))};
    import { openStore, StoreConfigSchema } from ${JSON.stringify(join(process.cwd(), 'src/store/index.ts'))};
    import { sampleWindow } from ${JSON.stringify(join(process.cwd(), 'test/store/sample.ts'))};
    const store = await openStore(StoreConfigSchema.parse({ path: ${JSON.stringify(path)} }), SILENT_LOGGER);
    for (let index = 0; index < 500; index += 1) await store.appendWindows([sampleWindow(index)], []);
    await store.flush();
    process.kill(process.pid, 'SIGKILL');`;
  const script = join(directory, 'killed.mts');
  await writeFile(script, program);
  await expect(promisify(execFile)(process.execPath, ['--import', 'tsx', script])).rejects.toMatchObject({
    signal: 'SIGKILL',
  });
  const store = await open();
  expect((await store.listClients())[0]).toMatchObject({ windows: 500 });
});

describe('configuration', () => {
  it('has defaults, reads durations and refuses unknown keys', () => {
    expect(StoreConfigSchema.parse({})).toMatchObject({
      driver: 'duckdb',
      path: 'foretap.duckdb',
      retention: 90 * 86_400_000,
      flushInterval: 1_000,
    });
    expect(StoreConfigSchema.parse({ retention: '7d' }).retention).toBe(7 * 86_400_000);
    expect(StoreConfigSchema.safeParse({ retention: 'long' }).success).toBe(false);
    expect(StoreConfigSchema.safeParse({ pth: 'x' }).success).toBe(false);
    expect(StoreConfigSchema.safeParse({ memoryLimit: '1' }).success).toBe(false);
  });
});
