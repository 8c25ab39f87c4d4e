import duckdb from '@duckdb/node-bindings';
import type { z } from 'zod';
import { schemaDefinition } from './schema-type.js';

/** A value that its column cannot hold: the row's fault, not the store's. */
export class RowFault extends Error {}

/** Collects the values of one column of a data chunk, then copies them into DuckDB's vector at once. */
export interface Column {
  /** `null` stands for SQL NULL. Throws {@link RowFault} for a value of another kind; the column is useless then. */
  add(value: unknown): void;
  copyTo(vector: duckdb.Vector): void;
}

/**
 * The column for what a schema describes; its vector's type is that of `schemaToType`. Made for speed: a window has some eighty
 * values, and setting them one by one through objects would cost the event loop several times as much.
 */
export function createColumn(schema: z.ZodType): Column {
  const definition = schemaDefinition(schema);
  switch (definition.type) {
    case 'string':
    case 'enum':
      return new TextColumn();
    case 'boolean':
      return new BooleanColumn();
    case 'number':
      return (schema as z.ZodNumber).isInt ? new IntegerColumn() : new DoubleColumn();
    case 'nullable':
      return createColumn(definition.innerType!);
    case 'array':
      return new ListColumn(createColumn(definition.element!));
    case 'object':
      return new StructColumn(
        Object.entries(definition.shape!).map(([name, field]) => [name, createColumn(field)]),
      );
    default:
      throw new TypeError(`No column for a schema of kind ${definition.type}`);
  }
}

/** Which of a column's values are NULL; costs nothing while none is. */
class Nulls {
  private indexes: number[] = [];

  add(index: number): void {
    this.indexes.push(index);
  }

  copyTo(vector: duckdb.Vector, count: number): void {
    if (this.indexes.length === 0) return;
    const bits = new Uint8Array(Math.ceil(count / 64) * 8).fill(0xff);
    for (const index of this.indexes) bits[index >> 3]! &= ~(1 << (index & 7));
    duckdb.vector_ensure_validity_writable(vector);
    duckdb.copy_data_to_vector_validity(vector, 0, bits.buffer, 0, bits.byteLength);
  }
}

class DoubleColumn implements Column {
  private values = new Float64Array(64);
  private count = 0;
  private readonly nulls = new Nulls();

  add(value: unknown): void {
    if (this.count === this.values.length) this.values = doubled(this.values, Float64Array);
    if (value === null) this.nulls.add(this.count);
    else if (!Number.isFinite(value)) throw new RowFault(`${value} is not a finite number`);
    this.values[this.count++] = value as number;
  }

  copyTo(vector: duckdb.Vector): void {
    duckdb.copy_data_to_vector(vector, 0, this.values.buffer, 0, this.count * 8);
    this.nulls.copyTo(vector, this.count);
  }
}

/** 64-bit integers as two words, low first: DuckDB's order on every platform it is built for; without a BigInt for each. */
class IntegerColumn implements Column {
  private words = new Uint32Array(128);
  private count = 0;
  private readonly nulls = new Nulls();

  add(value: unknown): void {
    if (this.count * 2 === this.words.length) this.words = doubled(this.words, Uint32Array);
    if (value === null) this.nulls.add(this.count);
    else if (!Number.isSafeInteger(value)) throw new RowFault(`${value} is not a safe integer`);
    const integer = value as number;
    this.words[this.count * 2] = integer;
    this.words[this.count * 2 + 1] = Math.floor(integer / 2 ** 32);
    this.count += 1;
  }

  copyTo(vector: duckdb.Vector): void {
    duckdb.copy_data_to_vector(vector, 0, this.words.buffer, 0, this.count * 8);
    this.nulls.copyTo(vector, this.count);
  }
}

class BooleanColumn implements Column {
  private bytes = new Uint8Array(64);
  private count = 0;
  private readonly nulls = new Nulls();

  add(value: unknown): void {
    if (this.count === this.bytes.length) this.bytes = doubled(this.bytes, Uint8Array);
    if (value === null) this.nulls.add(this.count);
    else if (typeof value !== 'boolean') throw new RowFault(`${value} is not a boolean`);
    this.bytes[this.count++] = value ? 1 : 0;
  }

  copyTo(vector: duckdb.Vector): void {
    duckdb.copy_data_to_vector(vector, 0, this.bytes.buffer, 0, this.count);
    this.nulls.copyTo(vector, this.count);
  }
}

class TextColumn implements Column {
  private readonly texts: string[] = [];
  private readonly nulls = new Nulls();

  add(value: unknown): void {
    if (value === null) this.nulls.add(this.texts.length);
    else if (typeof value !== 'string') throw new RowFault(`${value} is not a text`);
    this.texts.push((value as string | null) ?? '');
  }

  copyTo(vector: duckdb.Vector): void {
    for (let index = 0; index < this.texts.length; index += 1) {
      duckdb.vector_assign_string_element(vector, index, this.texts[index]!);
    }
    this.nulls.copyTo(vector, this.texts.length);
  }
}

class ListColumn implements Column {
  /** Offset and length of each list, each in two words. */
  private entries = new Uint32Array(256);
  private count = 0;
  private itemCount = 0;
  private readonly nulls = new Nulls();

  constructor(private readonly items: Column) {}

  add(value: unknown): void {
    if (this.count * 4 === this.entries.length) this.entries = doubled(this.entries, Uint32Array);
    if (value === null) this.nulls.add(this.count);
    else if (!Array.isArray(value)) throw new RowFault(`${value} is not a list`);
    const list = (value as unknown[] | null) ?? [];
    for (let index = 0; index < list.length; index += 1) this.items.add(list[index]);
    this.entries[this.count * 4] = this.itemCount;
    this.entries[this.count * 4 + 2] = list.length;
    this.itemCount += list.length;
    this.count += 1;
  }

  copyTo(vector: duckdb.Vector): void {
    duckdb.list_vector_reserve(vector, this.itemCount);
    duckdb.list_vector_set_size(vector, this.itemCount);
    duckdb.copy_data_to_vector(vector, 0, this.entries.buffer, 0, this.count * 16);
    this.nulls.copyTo(vector, this.count);
    if (this.itemCount > 0) this.items.copyTo(duckdb.list_vector_get_child(vector));
  }
}

class StructColumn implements Column {
  private count = 0;
  private readonly nulls = new Nulls();

  constructor(private readonly fields: readonly (readonly [name: string, column: Column])[]) {}

  add(value: unknown): void {
    if (value === null) this.nulls.add(this.count);
    else if (typeof value !== 'object') throw new RowFault(`${value} is not an object`);
    const fields = value as Record<string, unknown> | null;
    for (const [name, column] of this.fields) column.add(fields === null ? null : fields[name]);
    this.count += 1;
  }

  copyTo(vector: duckdb.Vector): void {
    for (const [index, [, column]] of this.fields.entries()) {
      column.copyTo(duckdb.struct_vector_get_child(vector, index));
    }
    this.nulls.copyTo(vector, this.count);
  }
}

function doubled<Values extends { length: number; set(from: Values): void }>(
  values: Values,
  kind: new (length: number) => Values,
): Values {
  const result = new kind(values.length * 2);
  result.set(values);
  return result;
}
