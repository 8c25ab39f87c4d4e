import type { z } from 'zod';

/** What of a schema decides its SQL type; zod's own definitions are wider. */
interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly shape?: Record<string, z.ZodType>;
}

/**
 * The DuckDB type that holds what a schema describes: integers are BIGINT, other numbers DOUBLE, arrays lists, objects structs whose
 * fields keep their names. Throws on kinds that no stored noun has.
 */
export function schemaToSqlType(schema: z.ZodType): string {
  const definition = schema.def as unknown as Definition;
  switch (definition.type) {
    case 'string':
    case 'enum':
      return 'VARCHAR';
    case 'boolean':
      return 'BOOLEAN';
    case 'number':
      return (schema as z.ZodNumber).isInt ? 'BIGINT' : 'DOUBLE';
    case 'nullable':
      return schemaToSqlType(definition.innerType!);
    case 'array':
      return `${schemaToSqlType(definition.element!)}[]`;
    case 'object':
      return schemaToStructType(definition.shape!);
    default:
      throw new TypeError(`No SQL type for a schema of kind ${definition.type}`);
  }
}

function schemaToStructType(shape: Record<string, z.ZodType>): string {
  const fields = Object.entries(shape).map(([name, field]) => `"${name}" ${schemaToSqlType(field)}`);
  return `STRUCT(${fields.join(', ')})`;
}

/** `startMs` → `start_ms`. */
export function propertyToColumn(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
