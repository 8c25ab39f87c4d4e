import { BIGINT, BOOLEAN, DOUBLE, type DuckDBType, LIST, STRUCT, VARCHAR } from '@duckdb/node-api';
import type { z } from 'zod';

/** What of a schema decides its SQL type; zod's own definitions are wider. */
export interface SchemaDefinition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly shape?: Record<string, z.ZodType>;
}

/**
 * The DuckDB type that holds what a schema describes: integers are BIGINT, other numbers DOUBLE, arrays lists, objects structs whose
 * fields keep their names. Throws on kinds that no stored noun has.
 */
export function schemaToType(schema: z.ZodType): DuckDBType {
  const definition = schemaDefinition(schema);
  switch (definition.type) {
    case 'string':
    case 'enum':
      return VARCHAR;
    case 'boolean':
      return BOOLEAN;
    case 'number':
      return (schema as z.ZodNumber).isInt ? BIGINT : DOUBLE;
    case 'nullable':
      return schemaToType(definition.innerType!);
    case 'array':
      return LIST(schemaToType(definition.element!));
    case 'object':
      return STRUCT(
        Object.fromEntries(
          Object.entries(definition.shape!).map(([name, field]) => [name, schemaToType(field)]),
        ),
      );
    default:
      throw new TypeError(`No DuckDB type for a schema of kind ${definition.type}`);
  }
}

export function schemaDefinition(schema: z.ZodType): SchemaDefinition {
  return schema.def as unknown as SchemaDefinition;
}

/** `startMs` → `start_ms`. */
export function propertyToColumn(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
