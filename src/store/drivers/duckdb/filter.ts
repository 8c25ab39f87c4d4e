import type { DuckDBValue } from '@duckdb/node-api';
import type { ClientKey } from '../../../domain/index.js';
import type { TimeRange } from '../../types.js';

/** A WHERE clause in the making: conditions joined by AND, values apart from the text. */
export class Filter {
  readonly values: DuckDBValue[] = [];
  private readonly conditions: string[] = [];

  /** `?` in the condition stands for the value. */
  where(condition: string, value: DuckDBValue): this {
    this.values.push(value);
    this.conditions.push(condition.replace('?', `$${this.values.length}`));
    return this;
  }

  /** No value: no condition. */
  equals(column: string, value: string | undefined): this {
    return value === undefined ? this : this.where(`${column} = ?`, value);
  }

  /** No list: no condition; an empty list: no rows. */
  oneOf(column: string, values: readonly string[] | undefined): this {
    if (values?.length === 0) this.conditions.push('false');
    else if (values) {
      const places = values.map((value) => `$${this.values.push(value)}`);
      this.conditions.push(`${column} IN (${places.join(', ')})`);
    }
    return this;
  }

  client(key: ClientKey | undefined): this {
    return key ? this.equals('application', key.application).equals('client', key.client) : this;
  }

  time(column: string, range: TimeRange): this {
    // As BIGINT: compared with a DOUBLE, the column would be converted and DuckDB could skip nothing.
    return this.where(`${column} >= ?`, BigInt(range.fromMs)).where(`${column} < ?`, BigInt(range.toMs));
  }

  get sql(): string {
    return this.conditions.length > 0 ? `WHERE ${this.conditions.join(' AND ')}` : '';
  }
}
