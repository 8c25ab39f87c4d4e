import type { z } from 'zod';
import {
  ClientWindow,
  ClosedStep,
  Forecast,
  Notice,
  Outcome,
  QUANTILE_LEVELS,
  ScalingDecision,
  Shadow,
  ShadowCommand,
} from '../../../domain/index.js';
import { propertyToColumn, schemaToType } from './schema-type.js';

/** A noun of the domain and the table that keeps it: one column a property. */
export interface Table<Row> {
  readonly name: string;
  readonly schema: z.ZodObject;
  /** The properties by which a row is known. */
  readonly keyProperties: readonly (keyof Row & string)[];
  /** The key's time: a repeat has the same, so that only that stretch is searched for repeats. */
  readonly timeProperty: (keyof Row & string) | null;
  /** What a row with a known key does. */
  readonly onRepeat: 'keep' | 'replace';
  /** About what a row takes in memory while it is buffered. */
  readonly estimateBytes: (row: Row) => number;
  /** Which rows ended before `$1`. */
  readonly expiredSql: string;
}

/** Rows without long lists. */
const SMALL_ROW_BYTES = 600;
const smallRow = () => SMALL_ROW_BYTES;

function table<Schema extends z.ZodObject>(
  schema: Schema,
  rest: Omit<Table<z.infer<Schema>>, 'schema'>,
): Table<z.infer<Schema>> {
  return { schema, ...rest };
}

export const TABLES = {
  window: table(ClientWindow, {
    name: 'client_window',
    keyProperties: ['application', 'client', 'startMs', 'stepMs'],
    timeProperty: 'startMs',
    onRepeat: 'keep',
    estimateBytes: windowBytes,
    expiredSql: 'start_ms + step_ms <= $1',
  }),
  closedStep: table(ClosedStep, {
    name: 'closed_step',
    keyProperties: ['startMs', 'stepMs'],
    timeProperty: 'startMs',
    onRepeat: 'keep',
    estimateBytes: smallRow,
    expiredSql: 'start_ms + step_ms <= $1',
  }),
  forecast: table(Forecast, {
    name: 'forecast',
    keyProperties: ['id'],
    timeProperty: 'madeAtMs',
    onRepeat: 'keep',
    estimateBytes: (row) => SMALL_ROW_BYTES + 8 * QUANTILE_LEVELS.length * row.quantiles.length,
    expiredSql: 'made_at_ms < $1',
  }),
  decision: table(ScalingDecision, {
    name: 'decision',
    keyProperties: ['id'],
    timeProperty: 'decidedAtMs',
    onRepeat: 'keep',
    estimateBytes: smallRow,
    expiredSql: 'decided_at_ms < $1',
  }),
  shadow: table(Shadow, {
    name: 'shadow',
    keyProperties: ['id'],
    timeProperty: null,
    onRepeat: 'replace',
    estimateBytes: smallRow,
    expiredSql: `state IN ('gone', 'failed') AND list_last(history)."atMs" < $1`,
  }),
  command: table(ShadowCommand, {
    name: 'command',
    keyProperties: ['id'],
    timeProperty: 'issuedAtMs',
    onRepeat: 'keep',
    estimateBytes: smallRow,
    expiredSql: 'deadline_ms < $1',
  }),
  outcome: table(Outcome, {
    name: 'outcome',
    keyProperties: ['commandId', 'kind', 'atMs'],
    timeProperty: 'atMs',
    onRepeat: 'keep',
    estimateBytes: smallRow,
    expiredSql: 'at_ms < $1',
  }),
  notice: table(Notice, {
    name: 'notice',
    keyProperties: ['id'],
    timeProperty: 'startMs',
    onRepeat: 'keep',
    estimateBytes: smallRow,
    expiredSql: 'end_ms <= $1',
  }),
} as const;

// biome-ignore lint/suspicious/noExplicitAny: tables of different rows side by side; each is used with its own rows only.
export type AnyTable = Table<any>;

/** Name of the temporary table through which new rows pass. */
export function stageName(of: AnyTable): string {
  return `stage_${of.name}`;
}

/** Columns and their types as the domain's schema wants them; a test holds the migrations to it. */
export function columnTypes(of: AnyTable): [column: string, sqlType: string][] {
  return Object.entries(of.schema.shape).map(([property, schema]) => [
    propertyToColumn(property),
    schemaToType(schema as z.ZodType).toString(),
  ]);
}

/** An empty temporary table of the same columns, in the order of the schema's properties. */
export function createStageSql(of: AnyTable): string {
  return `CREATE TEMP TABLE ${stageName(of)} AS SELECT ${columnNames(of)} FROM ${of.name} LIMIT 0`;
}

/** Moves the staged rows into the table, except those that it knows; `$1` and `$2` bound their times where the table has a time. */
export function insertSql(of: AnyTable): string {
  const keys = of.keyProperties.map(propertyToColumn).join(', ');
  const span = of.timeProperty === null ? '' : `WHERE ${propertyToColumn(of.timeProperty)} BETWEEN $1 AND $2`;
  return `INSERT INTO ${of.name} (${columnNames(of)}) SELECT ${columnNames(of)} FROM ${stageName(of)}
    ANTI JOIN (SELECT ${keys} FROM ${of.name} ${span}) known USING (${keys})`;
}

/** Removes the rows that staged ones replace; for tables with a key of one column. */
export function deleteReplacedSql(of: AnyTable): string {
  const key = propertyToColumn(of.keyProperties[0]!);
  return `DELETE FROM ${of.name} WHERE ${key} IN (SELECT ${key} FROM ${stageName(of)})`;
}

/** A row of the table as JSON text of its noun: to parse that is faster than to read nested vectors value by value. */
export function rowToJsonSql(of: AnyTable): string {
  const fields = Object.keys(of.schema.shape).map((name) => `"${name}": ${propertyToColumn(name)}`);
  return `to_json({${fields.join(', ')}})::VARCHAR`;
}

function columnNames(of: AnyTable): string {
  return Object.keys(of.schema.shape).map(propertyToColumn).join(', ');
}

function windowBytes(row: ClientWindow): number {
  const buckets =
    row.latencyUs.counts.length + row.requestSizeBytes.counts.length + row.responseSizeBytes.counts.length;
  return SMALL_ROW_BYTES + 8 * buckets + 64 * (row.routes.length + row.transitions.length);
}
