import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreSchemaError } from '../../error.js';

const HISTOGRAM = 'STRUCT("zeroCount" BIGINT, "offset" BIGINT, counts BIGINT[]) NOT NULL';
const CLIENT_KEY = 'application VARCHAR NOT NULL, client VARCHAR NOT NULL';

/**
 * Schema steps, oldest first; a step's number is its place, from 1. What is released is never edited, only followed. No indexes: rows
 * arrive in order of time, by which DuckDB skips what a query does not want, and a repeat is found in the stretch it belongs to.
 */
export const MIGRATIONS: readonly { readonly title: string; readonly sql: readonly string[] }[] = [
  {
    title: 'windows, forecasts, the ledger and notices',
    sql: [
      `CREATE TABLE client_window (${CLIENT_KEY}, start_ms BIGINT NOT NULL, step_ms BIGINT NOT NULL,
        requests BIGINT NOT NULL, requests_corrected DOUBLE NOT NULL, coverage_ratio DOUBLE NOT NULL,
        statuses STRUCT(informational BIGINT, success BIGINT, redirection BIGINT, "clientError" BIGINT, "serverError" BIGINT) NOT NULL,
        unanswered_requests BIGINT NOT NULL, orphan_answers BIGINT NOT NULL, new_connections BIGINT NOT NULL,
        request_bytes BIGINT NOT NULL, response_bytes BIGINT NOT NULL,
        latency_us ${HISTOGRAM}, request_size_bytes ${HISTOGRAM}, response_size_bytes ${HISTOGRAM},
        routes STRUCT(route VARCHAR, requests BIGINT, "clientErrors" BIGINT, "serverErrors" BIGINT)[] NOT NULL,
        transitions STRUCT("from" VARCHAR, "to" VARCHAR, count BIGINT)[] NOT NULL)`,
      `CREATE TABLE closed_step (start_ms BIGINT NOT NULL, step_ms BIGINT NOT NULL, coverage_ratio DOUBLE NOT NULL)`,
      `CREATE TABLE forecast (${CLIENT_KEY}, id VARCHAR NOT NULL, made_at_ms BIGINT NOT NULL, step_ms BIGINT NOT NULL,
        quantiles DOUBLE[][] NOT NULL, max_over_lead STRUCT("leadMs" BIGINT, quantiles DOUBLE[]) NOT NULL,
        current_per_second DOUBLE NOT NULL, velocity_per_minute DOUBLE NOT NULL, acceleration_per_minute2 DOUBLE NOT NULL,
        experts STRUCT(expert VARCHAR, "weightRatio" DOUBLE, "pinballLoss" DOUBLE, "isDemoted" BOOLEAN)[] NOT NULL,
        skill_ratio DOUBLE, history_steps BIGINT NOT NULL)`,
      `CREATE TABLE decision (${CLIENT_KEY}, id VARCHAR NOT NULL, decided_at_ms BIGINT NOT NULL,
        action VARCHAR NOT NULL, reason VARCHAR NOT NULL,
        current_resources BIGINT NOT NULL, desired_resources BIGINT NOT NULL,
        capacity_per_second DOUBLE NOT NULL, capacity_source VARCHAR NOT NULL,
        tier VARCHAR NOT NULL, lead_time_ms BIGINT NOT NULL, lead_time_source VARCHAR NOT NULL,
        alpha DOUBLE NOT NULL, under_cost_per_unit_minute DOUBLE NOT NULL, over_cost_per_unit_minute DOUBLE NOT NULL,
        predicted_per_second DOUBLE, observed_per_second DOUBLE, velocity_per_minute DOUBLE NOT NULL, forecast_id VARCHAR,
        alternatives STRUCT(policy VARCHAR, "targetPerSecond" DOUBLE, resources BIGINT, "expectedCost" DOUBLE,
          "isChosen" BOOLEAN, because VARCHAR)[] NOT NULL)`,
      `CREATE TABLE shadow (${CLIENT_KEY}, id VARCHAR NOT NULL, state VARCHAR NOT NULL, failure_reason VARCHAR,
        tier VARCHAR NOT NULL, capacity_per_second DOUBLE NOT NULL, zone VARCHAR NOT NULL, decision_id VARCHAR NOT NULL,
        history STRUCT(state VARCHAR, "atMs" BIGINT)[] NOT NULL, fencing_token BIGINT NOT NULL, pending_command_id VARCHAR,
        step STRUCT(verb VARCHAR, attempt BIGINT, "issuedAtMs" BIGINT, "deadlineMs" BIGINT, "retryAtMs" BIGINT),
        throttled_until_ms BIGINT)`,
      `CREATE TABLE command (${CLIENT_KEY}, id VARCHAR NOT NULL, verb VARCHAR NOT NULL, shadow_id VARCHAR NOT NULL,
        decision_id VARCHAR NOT NULL, tier VARCHAR NOT NULL, zone VARCHAR NOT NULL, capacity_per_second DOUBLE NOT NULL,
        issued_at_ms BIGINT NOT NULL, deadline_ms BIGINT NOT NULL, fencing_token BIGINT NOT NULL, attempt BIGINT NOT NULL)`,
      `CREATE TABLE outcome (${CLIENT_KEY}, command_id VARCHAR NOT NULL, shadow_id VARCHAR NOT NULL, kind VARCHAR NOT NULL,
        at_ms BIGINT NOT NULL, fencing_token BIGINT NOT NULL, detail VARCHAR, elapsed_ms BIGINT NOT NULL)`,
      `CREATE TABLE notice (id VARCHAR NOT NULL, application VARCHAR, client VARCHAR, start_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL,
        uplift_ratio DOUBLE NOT NULL, uncertainty_ratio DOUBLE NOT NULL, text VARCHAR NOT NULL)`,
    ],
  },
];

/**
 * Brings the schema to the newest step, each in a transaction of its own. Rejects with {@link StoreSchemaError} if the store has
 * steps that this version does not know.
 */
export async function migrate(connection: DuckDBConnection, path: string): Promise<void> {
  await connection.run(
    'CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY, title VARCHAR NOT NULL)',
  );
  const result = await connection.runAndReadAll('SELECT coalesce(max(number), 0) FROM schema_migration');
  const version = Number(result.getRows()[0]![0]);
  if (version > MIGRATIONS.length) {
    throw new StoreSchemaError(
      `${path} has schema ${version}; this foretap knows schemas up to ${MIGRATIONS.length}`,
      'Use the newer foretap that wrote it, or another path in store.path.',
    );
  }
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    await connection.run('BEGIN');
    for (const sql of migration.sql) await connection.run(sql);
    await connection.run('INSERT INTO schema_migration VALUES ($1, $2)', [index + 1, migration.title]);
    await connection.run('COMMIT');
  }
}
