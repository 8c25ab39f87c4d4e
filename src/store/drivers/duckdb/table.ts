import type { z } from 'zod';
import {
  ClientWindow,
  ClosedStep,
  Forecast,
  Notice,
  Outcome,
  ScalingDecision,
  Shadow,
  ShadowCommand,
} from '../../../domain/index.js';
import { propertyToColumn, schemaToSqlType } from './sql-type.js';

/**
 * A noun of the domain and the table that keeps it: one column a property. Rows go in and come out as JSON texts and are columns in between: to
 * write text costs the event loop half of what column vectors cost, and DuckDB parses it on its own threads.
 */
export interface Table<Row> {
  readonly name: string;
  readonly schema: z.ZodObject;
  /** The properties by which a row is known. */
  readonly keyProperties: readonly (keyof Row & string)[];
  /** The key's time: a repeat has the same, so that only that stretch is searched for repeats. */
  readonly timeProperty: (keyof Row & string) | null;
  /** What a row with a known key does. */
  readonly onRepeat: 'keep' | 'replace';
  /** Which rows ended before `$1`. */
  readonly expiredSql: string;
}

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
    expiredSql: 'start_ms + step_ms <= $1',
  }),
  closedStep: table(ClosedStep, {
    name: 'closed_step',
    keyProperties: ['startMs', 'stepMs'],
    timeProperty: 'startMs',
    onRepeat: 'keep',
    expiredSql: 'start_ms + step_ms <= $1',
  }),
  forecast: table(Forecast, {
    name: 'forecast',
    keyProperties: ['id'],
    timeProperty: 'madeAtMs',
    onRepeat: 'keep',
    expiredSql: 'made_at_ms < $1',
  }),
  decision: table(ScalingDecision, {
    name: 'decision',
    keyProperties: ['id'],
    timeProperty: 'decidedAtMs',
    onRepeat: 'keep',
    expiredSql: 'decided_at_ms < $1',
  }),
  shadow: table(Shadow, {
    name: 'shadow',
    keyProperties: ['id'],
    timeProperty: null,
    onRepeat: 'replace',
    expiredSql: `state IN ('gone', 'failed') AND list_last(history)."atMs" < $1`,
  }),
  command: table(ShadowCommand, {
    name: 'command',
    keyProperties: ['id'],
    timeProperty: 'issuedAtMs',
    onRepeat: 'keep',
    expiredSql: 'deadline_ms < $1',
  }),
  outcome: table(Outcome, {
    name: 'outcome',
    keyProperties: ['commandId', 'kind', 'atMs'],
    timeProperty: 'atMs',
    onRepeat: 'keep',
    expiredSql: 'at_ms < $1',
  }),
  notice: table(Notice, {
    name: 'notice',
    keyProperties: ['id'],
    timeProperty: 'startMs',
    onRepeat: 'keep',
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
    schemaToSqlType(schema as z.ZodType),
  ]);
}

/** Moves the staged rows into the table, except those that it knows; `$1` and `$2` bound their times where the table has a time. */
export function insertSql(of: AnyTable): string {
  const properties = Object.keys(of.schema.shape);
  const columns = properties.map(propertyToColumn).join(', ');
  const keys = of.keyProperties.map(propertyToColumn).join(', ');
  const span = of.timeProperty === null ? '' : `WHERE ${propertyToColumn(of.timeProperty)} BETWEEN $1 AND $2`;
  const fields = properties.map((property) => `noun."${property}" AS ${propertyToColumn(property)}`);
  // Materialized, or the join would parse every text a second time for its key.
  return `INSERT INTO ${of.name} (${columns})
    WITH fresh AS MATERIALIZED (SELECT ${fields.join(', ')}
      FROM (SELECT json::JSON::${schemaToSqlType(of.schema)} AS noun FROM ${stageName(of)}))
    SELECT ${columns} FROM fresh ANTI JOIN (SELECT ${keys} FROM ${of.name} ${span}) USING (${keys})`;
}

/** Removes the rows that staged ones replace; for tables without a key of several columns. */
export function deleteReplacedSql(of: AnyTable): string {
  const key = of.keyProperties[0]!;
  return `DELETE FROM ${of.name} WHERE ${propertyToColumn(key)} IN (SELECT json->>'$.${key}' FROM ${stageName(of)})`;
}

/** An expression that yields a row of the table as JSON text of its noun. */
export function rowToJsonSql(of: AnyTable): string {
  const fields = Object.keys(of.schema.shape).map((name) => `"${name}": ${propertyToColumn(name)}`);
  return `to_json({${fields.join(', ')}})::VARCHAR`;
}
