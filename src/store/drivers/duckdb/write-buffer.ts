import { type DuckDBConnection, DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { z } from 'zod';
import type { Logger } from '../../../core/index.js';
import { StoreClosedError } from '../../error.js';
import type { StoreCounters } from '../../types.js';
import { createColumn, RowFault } from './column.js';
import type { DuckDbConfig } from './config.js';
import { toStoreError } from './failure.js';
import { schemaToType } from './schema-type.js';
import {
  type AnyTable,
  createStageSql,
  deleteReplacedSql,
  insertSql,
  stageName,
  TABLES,
  type Table,
} from './table.js';

/** Rows of one table that wait to be written, by key. */
interface Batch {
  rows: Map<string, unknown>;
  minTimeMs: number;
  maxTimeMs: number;
}

/** DuckDB's words for faults of a row, not of the store: it would fail for ever. */
const ROW_FAULT = /^(Conversion|Constraint|Invalid Input|Out of Range) Error/;

/** Rows of a data chunk, for which the event loop is held; DuckDB takes up to 2048. */
const CHUNK_ROWS = 512;

/**
 * Collects rows and writes them together in the background: after `flushInterval`, at `flushBytes`, or when asked. Holds at most
 * `maxBufferedBytes` and one append. What could not be written stays and is tried again; a row that the schema refuses is dropped
 * and counted, so that it does not hold up the others.
 */
export class WriteBuffer {
  private pending = new Map<AnyTable, Batch>();
  private pendingBytes = 0;
  private inFlightRows = 0;
  private inFlightBytes = 0;
  private tail: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** The last flush failed: the next one waits for the interval, or for a full buffer. */
  private isFailing = false;
  private isFlushing = false;
  private acceptedRows = 0;
  private repeatedRows = 0;
  private refusedRows = 0;
  private flushes = 0;
  private failedFlushes = 0;

  constructor(
    private readonly connection: DuckDBConnection,
    private readonly config: DuckDbConfig,
    private readonly logger: Logger,
  ) {}

  /** Creates the temporary tables through which rows pass. */
  async open(): Promise<void> {
    for (const table of Object.values(TABLES)) {
      await this.connection.run(createStageSql(table));
    }
  }

  /** Takes rows; waits for a flush when the buffer is full. */
  async append<Row>(table: Table<Row>, rows: readonly Row[]): Promise<void> {
    if (this.isClosed) throw closedError(this.config.path);
    if (rows.length === 0) return;
    // Before, not after: a full buffer that cannot be written refuses the rows as a whole.
    if (this.bufferedBytes() >= this.config.maxBufferedBytes) await this.flush();
    const batch = this.batchOf(table);
    for (const row of rows) this.accept(table, batch, row);
    this.acceptedRows += rows.length;
    if (this.pendingBytes >= this.config.flushBytes && !this.isFailing) this.flushInBackground();
    else this.timer ??= this.startTimer();
  }

  /** Whether rows of the table are accepted and not yet visible to other connections. */
  hasUnwritten(tables: readonly AnyTable[]): boolean {
    return this.inFlightRows > 0 || tables.some((table) => this.pending.has(table));
  }

  /** Resolves when all rows accepted before are durable; rejects with the store's error if they cannot be written. */
  flush(): Promise<void> {
    const written = this.tail.then(() => this.writePending());
    this.tail = written.catch(() => {});
    return written;
  }

  /** Runs one writing statement between two flushes. */
  run(sql: string, values: DuckDBValue[]): Promise<void> {
    const done = this.tail.then(async () => {
      await this.connection.run(sql, values);
    });
    this.tail = done.catch(() => {});
    return done.catch((error: unknown) => {
      throw toStoreError(this.config.path, error);
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    try {
      await this.flush();
    } finally {
      clearTimeout(this.timer);
    }
  }

  counters(): StoreCounters {
    let bufferedRows = this.inFlightRows;
    for (const batch of this.pending.values()) bufferedRows += batch.rows.size;
    return {
      acceptedRows: this.acceptedRows,
      repeatedRows: this.repeatedRows,
      refusedRows: this.refusedRows,
      bufferedRows,
      bufferedBytes: this.bufferedBytes(),
      flushes: this.flushes,
      failedFlushes: this.failedFlushes,
    };
  }

  private bufferedBytes(): number {
    return this.pendingBytes + this.inFlightBytes;
  }

  private batchOf(table: AnyTable): Batch {
    let batch = this.pending.get(table);
    if (!batch) {
      batch = { rows: new Map(), minTimeMs: Number.POSITIVE_INFINITY, maxTimeMs: Number.NEGATIVE_INFINITY };
      this.pending.set(table, batch);
    }
    return batch;
  }

  private accept<Row>(table: Table<Row>, batch: Batch, row: Row): void {
    const key = rowKey(table, row);
    const earlier = batch.rows.get(key);
    if (earlier !== undefined) {
      if (table.onRepeat === 'keep') {
        this.repeatedRows += 1;
        return;
      }
      this.pendingBytes -= table.estimateBytes(earlier as Row);
    }
    // What is saved again and again is alive; the others are facts.
    batch.rows.set(key, table.onRepeat === 'replace' ? structuredClone(row) : row);
    this.pendingBytes += table.estimateBytes(row);
    if (table.timeProperty !== null) {
      const timeMs = row[table.timeProperty] as number;
      batch.minTimeMs = Math.min(batch.minTimeMs, timeMs);
      batch.maxTimeMs = Math.max(batch.maxTimeMs, timeMs);
    }
  }

  private startTimer(): NodeJS.Timeout {
    return setTimeout(() => this.flushInBackground(), this.config.flushInterval).unref();
  }

  /** One at a time: what is appended meanwhile goes with the next. */
  private flushInBackground(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    this.flush()
      // Logged and counted where it failed; who appends to a full buffer is told.
      .catch(() => {})
      .finally(() => {
        this.isFlushing = false;
        if (this.pending.size === 0 || this.isClosed) return;
        if (this.pendingBytes >= this.config.flushBytes && !this.isFailing) this.flushInBackground();
        else this.timer ??= this.startTimer();
      });
  }

  private async writePending(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.pending.size === 0) return;
    const taken = this.pending;
    this.pending = new Map();
    this.inFlightBytes = this.pendingBytes;
    this.pendingBytes = 0;
    for (const batch of taken.values()) this.inFlightRows += batch.rows.size;
    try {
      // In the order of TABLES: a step must not be closed in the store before its windows are there.
      for (const table of Object.values(TABLES)) {
        const batch = taken.get(table);
        if (!batch) continue;
        await this.writeRows(table, batch, [...batch.rows.values()]);
        taken.delete(table);
      }
      this.flushes += 1;
      if (this.isFailing) this.logger.info({ path: this.config.path }, 'store: writes again');
      this.isFailing = false;
    } catch (cause) {
      const error = toStoreError(this.config.path, cause);
      this.failedFlushes += 1;
      this.putBack(taken);
      // Once, not at every try.
      if (!this.isFailing)
        this.logger.error({ error: error.message, cure: error.cure }, 'store: cannot write');
      this.isFailing = true;
      throw error;
    } finally {
      this.inFlightRows = 0;
      this.inFlightBytes = 0;
    }
  }

  private async writeRows(table: AnyTable, batch: Batch, rows: unknown[]): Promise<void> {
    try {
      this.repeatedRows += await this.writeTransaction(table, batch, rows);
    } catch (error) {
      if (!isRowFault(error)) throw error;
      if (rows.length === 1) {
        this.refusedRows += 1;
        this.logger.error({ table: table.name, error: error.message }, 'store: a row was refused');
        return;
      }
      const middle = rows.length >> 1;
      await this.writeRows(table, batch, rows.slice(0, middle));
      await this.writeRows(table, batch, rows.slice(middle));
    }
  }

  /** Returns how many of the rows were known. */
  private async writeTransaction(table: AnyTable, batch: Batch, rows: unknown[]): Promise<number> {
    const { connection } = this;
    await connection.run('BEGIN');
    try {
      const appender = await connection.createAppender(stageName(table));
      for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
        appender.appendDataChunk(createChunk(table, rows.slice(from, from + CHUNK_ROWS)));
        // A chunk at a time, so that other work gets its turn.
        await new Promise(setImmediate);
      }
      appender.closeSync();
      if (table.onRepeat === 'replace') await connection.run(deleteReplacedSql(table));
      const times = table.timeProperty === null ? [] : [BigInt(batch.minTimeMs), BigInt(batch.maxTimeMs)];
      const { rowsChanged } = await connection.run(insertSql(table), times);
      await connection.run(`TRUNCATE ${stageName(table)}`);
      await connection.run('COMMIT');
      return rows.length - rowsChanged;
    } catch (error) {
      // A failed COMMIT has rolled back already, and then ROLLBACK fails in its turn.
      await connection.run('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  private putBack(batches: Map<AnyTable, Batch>): void {
    for (const [table, batch] of batches) {
      const newer = this.pending.get(table);
      for (const row of batch.rows.values()) this.pendingBytes += table.estimateBytes(row);
      this.pending.set(table, batch);
      if (!newer) continue;
      batch.minTimeMs = Math.min(batch.minTimeMs, newer.minTimeMs);
      batch.maxTimeMs = Math.max(batch.maxTimeMs, newer.maxTimeMs);
      for (const [key, row] of newer.rows) {
        const earlier = batch.rows.get(key);
        if (earlier !== undefined) {
          const given = table.onRepeat === 'keep' ? row : earlier;
          this.pendingBytes -= table.estimateBytes(given);
        }
        if (earlier === undefined || table.onRepeat === 'replace') batch.rows.set(key, row);
      }
    }
  }
}

function createChunk(table: AnyTable, rows: readonly unknown[]): DuckDBDataChunk {
  const shape = Object.entries(table.schema.shape as Record<string, z.ZodType>);
  const chunk = DuckDBDataChunk.create(
    shape.map(([, schema]) => schemaToType(schema)),
    rows.length,
  );
  for (const [index, [property, schema]] of shape.entries()) {
    const column = createColumn(schema);
    for (const row of rows) column.add((row as Record<string, unknown>)[property]);
    column.copyTo(duckdb.data_chunk_get_vector(chunk.chunk, index));
  }
  return chunk;
}

function isRowFault(error: unknown): error is Error {
  return error instanceof RowFault || (error instanceof Error && ROW_FAULT.test(error.message));
}

export function closedError(path: string): StoreClosedError {
  return new StoreClosedError(`The store ${path} is closed`, 'Open it again before using it.');
}

function rowKey<Row>(table: Table<Row>, row: Row): string {
  let key = '';
  for (const property of table.keyProperties) key += `${row[property]}\u0000`;
  return key;
}
