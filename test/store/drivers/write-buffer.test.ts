import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../../src/core/index.js';
import { DuckDbConfigSchema, MEMORY_PATH } from '../../../src/store/drivers/duckdb/config.js';
import { migrate } from '../../../src/store/drivers/duckdb/migration.js';
import { TABLES } from '../../../src/store/drivers/duckdb/table.js';
import { WriteBuffer } from '../../../src/store/drivers/duckdb/write-buffer.js';
import { StoreFullError } from '../../../src/store/index.js';
import { START_MS, sampleDecision, sampleShadow } from '../sample.js';

const HOUR = '1h';
let instance: DuckDBInstance;
let connection: DuckDBConnection;
let isDiskFull: boolean;

beforeEach(async () => {
  instance = await DuckDBInstance.create(MEMORY_PATH);
  connection = await instance.connect();
  await migrate(connection, MEMORY_PATH);
  isDiskFull = false;
});

afterEach(() => {
  connection.closeSync();
  instance.closeSync();
});

/** On the real connection, whose commits fail as on a full disk when told so. */
async function openBuffer(change: object = {}): Promise<WriteBuffer> {
  const failing = new Proxy(connection, {
    get(target, property) {
      const member = Reflect.get(target, property);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        if (property === 'run' && args[0] === 'COMMIT' && isDiskFull) {
          return Promise.reject(new Error('IO Error: Could not write file "x": No space left on device'));
        }
        return member.apply(target, args);
      };
    },
  });
  const config = DuckDbConfigSchema.parse({ path: MEMORY_PATH, flushInterval: HOUR, ...change });
  const buffer = new WriteBuffer(failing, config, SILENT_LOGGER);
  await buffer.open();
  return buffer;
}

async function column(sql: string): Promise<unknown[]> {
  return (await connection.runAndReadAll(sql)).getColumns()[0] ?? [];
}

describe('a store that cannot write', () => {
  it('keeps what it could not write, in its order of precedence, and writes it later', async () => {
    const buffer = await openBuffer();
    isDiskFull = true;
    const first = sampleDecision('dec-1', START_MS);
    await buffer.append(TABLES.decision, [first]);
    await buffer.append(TABLES.shadow, [sampleShadow('sha-1', { zone: 'old' }), sampleShadow('sha-2')]);
    await expect(buffer.flush()).rejects.toThrow(StoreFullError);
    expect(await column('SELECT id FROM decision')).toEqual([]);

    await buffer.append(TABLES.decision, [first, sampleDecision('dec-2', START_MS + 1)]);
    await buffer.append(TABLES.shadow, [sampleShadow('sha-1', { zone: 'new' })]);
    await expect(buffer.flush()).rejects.toThrow(StoreFullError);
    expect(buffer.counters()).toMatchObject({ bufferedRows: 4, failedFlushes: 2, flushes: 0 });

    isDiskFull = false;
    await buffer.flush();
    expect(await column('SELECT id FROM decision ORDER BY id')).toEqual(['dec-1', 'dec-2']);
    expect(await column('SELECT zone FROM shadow ORDER BY id')).toEqual(['new', 'a']);
    expect(buffer.counters()).toMatchObject({ bufferedRows: 0, bufferedBytes: 0, flushes: 1 });
  });

  it('refuses rows when the buffer is full, and takes them again afterwards', async () => {
    const buffer = await openBuffer({ flushBytes: 1_000_000, maxBufferedBytes: 3_000 });
    isDiskFull = true;
    const append = (index: number) =>
      buffer.append(TABLES.decision, [sampleDecision(`dec-${index}`, START_MS + index)]);
    for (let index = 0; index < 5; index += 1) await append(index);
    await expect(append(5)).rejects.toThrow(StoreFullError);
    isDiskFull = false;
    await append(5);
    await buffer.close();
    expect(await column('SELECT id FROM decision')).toHaveLength(6);
  });

  it('does not try at every append', async () => {
    const buffer = await openBuffer({ flushBytes: 1_000 });
    isDiskFull = true;
    for (let index = 0; index < 50; index += 1) {
      await buffer.append(TABLES.decision, [sampleDecision(`dec-${index}`, START_MS + index)]);
      await new Promise(setImmediate);
    }
    await expect.poll(() => buffer.counters().failedFlushes).toBeGreaterThan(0);
    expect(buffer.counters().failedFlushes).toBeLessThan(3);
    isDiskFull = false;
    await buffer.close();
    expect(await column('SELECT id FROM decision')).toHaveLength(50);
  });
});

it('is not changed by what happens to a shadow after it was saved', async () => {
  const buffer = await openBuffer();
  const shadow = sampleShadow('sha-1', { state: 'planned' });
  await buffer.append(TABLES.shadow, [shadow]);
  shadow.state = 'ready';
  await buffer.close();
  expect(await column('SELECT state FROM shadow')).toEqual(['planned']);
});
