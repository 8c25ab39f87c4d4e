// docs/configuration.md lists every key with its default, and its examples are valid.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ConfigSchema, loadConfig, parseConfig } from '../../src/config/index.js';

const [reference, ...examples] = [
  ...readFileSync('docs/configuration.md', 'utf8').matchAll(/```yaml\n(.*?)```/gs),
].map((match) => match[1]!);

describe('docs/configuration.md', () => {
  it('states the defaults', () => {
    expect(parseConfig(reference!, 'docs/configuration.md')).toEqual(loadConfig(null));
  });

  it('lists every key, and none that is not there', () => {
    const schema = z.toJSONSchema(ConfigSchema, { io: 'input', unrepresentable: 'any' });
    expect(pathsOfDocument(parse(reference!)).sort()).toEqual(pathsOfSchema(schema as SchemaNode).sort());
  });

  it.each(examples)('has valid examples: %s', (example) => {
    expect(() => parseConfig(example, 'example')).not.toThrow();
  });
});

interface SchemaNode {
  properties?: Record<string, SchemaNode>;
}

function pathsOfSchema(node: SchemaNode, prefix = ''): string[] {
  if (!node.properties) return [prefix];
  return Object.entries(node.properties).flatMap(([key, child]) => pathsOfSchema(child, `${prefix}.${key}`));
}

function pathsOfDocument(node: unknown, prefix = ''): string[] {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return [prefix];
  return Object.entries(node).flatMap(([key, child]) => pathsOfDocument(child, `${prefix}.${key}`));
}
