import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import type { EpochMs, Logger } from '../../../core/index.js';
import type {
  ClientKey,
  ClientWindow,
  ClosedStep,
  DemandSeries,
  Forecast,
  Notice,
  Outcome,
  ScalingDecision,
  Shadow,
  ShadowCommand,
} from '../../../domain/index.js';
import { toDemandSeries } from '../../demand.js';
import type {
  ClientSummary,
  DecisionQuery,
  DemandQuery,
  ShadowQuery,
  Store,
  StoreCounters,
  TimeRange,
  WindowQuery,
} from '../../types.js';
import type { DuckDbConfig } from './config.js';
import { toStoreError } from './failure.js';
import { Filter } from './filter.js';
import { type AnyTable, rowToJsonSql, TABLES, type Table } from './table.js';
import { closedError, WriteBuffer } from './write-buffer.js';

/**
 * The store in the process. One connection writes, one reads, each used by one statement at a time; a read of many windows has a
 * connection of its own, because it stays open while its batches are used.
 */
export class DuckDbStore implements Store {
  private readonly buffer: WriteBuffer;
  private reads: Promise<unknown> = Promise.resolve();
  private closing: Promise<void> | undefined;

  constructor(
    private readonly instance: DuckDBInstance,
    private readonly writer: DuckDBConnection,
    private readonly reader: DuckDBConnection,
    private readonly config: DuckDbConfig,
    logger: Logger,
  ) {
    this.buffer = new WriteBuffer(writer, config, logger);
  }

  /** To be awaited once before use. */
  open(): Promise<void> {
    return this.buffer.open();
  }

  async appendWindows(windows: readonly ClientWindow[], closedSteps: readonly ClosedStep[]): Promise<void> {
    await this.buffer.append(TABLES.window, windows);
    await this.buffer.append(TABLES.closedStep, closedSteps);
  }

  async *readWindows(query: WindowQuery): AsyncIterable<readonly ClientWindow[]> {
    await this.makeVisible(TABLES.window);
    const filter = new Filter().time('start_ms', query).client(query.key);
    const connection = await this.instance.connect();
    try {
      const result = await connection.stream(
        `SELECT ${rowToJsonSql(TABLES.window)} FROM
          (SELECT * FROM client_window ${filter.sql} ORDER BY start_ms, application, client, step_ms)`,
        filter.values,
      );
      for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
        yield chunk.getColumnValues(0).map((json) => JSON.parse(json as string) as ClientWindow);
      }
    } catch (error) {
      throw toStoreError(this.config.path, error);
    } finally {
      connection.closeSync();
    }
  }

  readClosedSteps(range: TimeRange): Promise<ClosedStep[]> {
    return this.select(TABLES.closedStep, new Filter().time('start_ms', range), 'start_ms, step_ms');
  }

  async listClients(): Promise<ClientSummary[]> {
    const columns = await this.query(
      [TABLES.window],
      `SELECT application, client, min(start_ms)::DOUBLE, max(start_ms + step_ms)::DOUBLE, count(*)::DOUBLE,
        sum(requests)::DOUBLE, sum(requests_corrected), sum(request_bytes)::DOUBLE, sum(response_bytes)::DOUBLE
      FROM client_window GROUP BY application, client ORDER BY application, client`,
    );
    const [application, client] = columns as [string[], string[]];
    const numbers = columns.slice(2) as number[][];
    return application.map((name, row) => ({
      application: name,
      client: client[row]!,
      firstSeenMs: numbers[0]![row]!,
      lastSeenMs: numbers[1]![row]!,
      windows: numbers[2]![row]!,
      requests: numbers[3]![row]!,
      requestsCorrected: numbers[4]![row]!,
      requestBytes: numbers[5]![row]!,
      responseBytes: numbers[6]![row]!,
    }));
  }

  async readDemand(key: ClientKey, query: DemandQuery): Promise<DemandSeries> {
    // Whole steps of the grid: the ends of the range need all their windows.
    const range = {
      fromMs: Math.floor(query.fromMs / query.gridStepMs) * query.gridStepMs,
      toMs: Math.ceil(query.toMs / query.gridStepMs) * query.gridStepMs,
    };
    const filter = new Filter().time('start_ms', range).client(key);
    const columns = await this.query(
      [TABLES.window, TABLES.closedStep],
      `SELECT start_ms::DOUBLE, step_ms::DOUBLE, requests_corrected, coverage_ratio FROM client_window ${filter.sql}`,
      filter.values,
    );
    const [startMs, stepMs, requestsCorrected, coverageRatio] = columns as number[][];
    const windows = startMs!.map((start, row) => ({
      startMs: start,
      stepMs: stepMs![row]!,
      requestsCorrected: requestsCorrected![row]!,
      coverageRatio: coverageRatio![row]!,
    }));
    return toDemandSeries(windows, await this.readClosedSteps(range), query);
  }

  appendForecasts(forecasts: readonly Forecast[]): Promise<void> {
    return this.buffer.append(TABLES.forecast, forecasts);
  }

  forecastById(id: string): Promise<Forecast | undefined> {
    return this.selectOne(TABLES.forecast, new Filter().equals('id', id), 'id');
  }

  latestForecast(key: ClientKey): Promise<Forecast | undefined> {
    return this.selectOne(TABLES.forecast, new Filter().client(key), 'made_at_ms DESC, id DESC');
  }

  readForecasts(key: ClientKey, range: TimeRange): Promise<Forecast[]> {
    return this.select(TABLES.forecast, new Filter().time('made_at_ms', range).client(key), 'made_at_ms, id');
  }

  appendDecisions(decisions: readonly ScalingDecision[]): Promise<void> {
    return this.buffer.append(TABLES.decision, decisions);
  }

  decisionById(id: string): Promise<ScalingDecision | undefined> {
    return this.selectOne(TABLES.decision, new Filter().equals('id', id), 'id');
  }

  async listDecisions(query: DecisionQuery): Promise<ScalingDecision[]> {
    const filter = new Filter().client(query.key).equals('action', query.action);
    if (query.range) filter.time('decided_at_ms', query.range);
    const newestFirst = 'decided_at_ms DESC, id DESC';
    return (await this.select(TABLES.decision, filter, newestFirst, query.limit)).reverse();
  }

  saveShadows(shadows: readonly Shadow[]): Promise<void> {
    return this.buffer.append(TABLES.shadow, shadows);
  }

  listShadows(query: ShadowQuery): Promise<Shadow[]> {
    const filter = new Filter().client(query.key).oneOf('state', query.states);
    return this.select(TABLES.shadow, filter, 'application, client, id');
  }

  appendCommands(commands: readonly ShadowCommand[]): Promise<void> {
    return this.buffer.append(TABLES.command, commands);
  }

  appendOutcomes(outcomes: readonly Outcome[]): Promise<void> {
    return this.buffer.append(TABLES.outcome, outcomes);
  }

  commandsOfDecision(decisionId: string): Promise<ShadowCommand[]> {
    return this.select(TABLES.command, new Filter().equals('decision_id', decisionId), 'issued_at_ms, id');
  }

  async outcomesOfDecision(decisionId: string): Promise<Outcome[]> {
    const commands = await this.commandsOfDecision(decisionId);
    const filter = new Filter().oneOf(
      'command_id',
      commands.map((command) => command.id),
    );
    return this.select(TABLES.outcome, filter, 'at_ms, elapsed_ms, command_id, kind');
  }

  appendNotices(notices: readonly Notice[]): Promise<void> {
    return this.buffer.append(TABLES.notice, notices);
  }

  listNotices(range?: TimeRange): Promise<Notice[]> {
    const filter = new Filter();
    if (range) filter.where('start_ms < ?', BigInt(range.toMs)).where('end_ms > ?', BigInt(range.fromMs));
    return this.select(TABLES.notice, filter, 'start_ms, id');
  }

  flush(): Promise<void> {
    return this.buffer.flush();
  }

  async prune(beforeMs: EpochMs): Promise<void> {
    for (const table of Object.values(TABLES)) {
      await this.makeVisible(table);
      await this.buffer.run(`DELETE FROM ${table.name} WHERE ${table.expiredSql}`, [BigInt(beforeMs)]);
    }
  }

  counters(): StoreCounters {
    return this.buffer.counters();
  }

  close(): Promise<void> {
    this.closing ??= this.letGo();
    return this.closing;
  }

  private async letGo(): Promise<void> {
    try {
      await this.buffer.close();
      await this.reads;
    } finally {
      this.reader.closeSync();
      this.writer.closeSync();
      this.instance.closeSync();
    }
  }

  private select<Row>(table: Table<Row>, filter: Filter, order: string, limit?: number): Promise<Row[]> {
    const sql = `SELECT ${rowToJsonSql(table)} FROM
      (SELECT * FROM ${table.name} ${filter.sql} ORDER BY ${order} ${limit === undefined ? '' : `LIMIT ${Math.trunc(limit)}`})`;
    return this.query([table], sql, filter.values).then((columns) =>
      (columns[0] as string[]).map((json) => JSON.parse(json) as Row),
    );
  }

  private async selectOne<Row>(table: Table<Row>, filter: Filter, order: string): Promise<Row | undefined> {
    return (await this.select(table, filter, order, 1))[0];
  }

  /** The result's columns; what was appended to the tables before is in it. */
  private async query(
    tables: readonly AnyTable[],
    sql: string,
    values: DuckDBValue[] = [],
  ): Promise<DuckDBValue[][]> {
    await this.makeVisible(...tables);
    const result = await this.serialize(() => this.reader.runAndReadAll(sql, values));
    return result.columnCount > 0 && result.currentRowCount === 0
      ? Array.from({ length: result.columnCount }, () => [])
      : result.getColumns();
  }

  private async makeVisible(...tables: AnyTable[]): Promise<void> {
    if (this.closing) throw closedError(this.config.path);
    if (this.buffer.hasUnwritten(tables)) await this.buffer.flush();
  }

  private serialize<Result>(statement: () => Promise<Result>): Promise<Result> {
    const result = this.reads.then(statement).catch((error: unknown) => {
      throw toStoreError(this.config.path, error);
    });
    this.reads = result.catch(() => {});
    return result;
  }
}
