import { readFileSync } from 'node:fs';
import { type Document, isMap, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { EXIT_CODE, ForetapError } from '../core/index.js';
import { type Config, ConfigSchema } from './schema.js';

/** A configuration that cannot be used; the message lists every fault with its line. */
export class ConfigError extends ForetapError {
  readonly code = 'CONFIG_INVALID';
  readonly exitCode = EXIT_CODE.usage;
}

/** One thing wrong in a configuration file. `line` counts from 1. */
interface Fault {
  line: number | null;
  path: string;
  message: string;
}

/** Reads, validates and freezes a configuration; without a path, the defaults. Throws {@link ConfigError}. */
export function loadConfig(path: string | null): Config {
  if (path === null) return deepFreeze(ConfigSchema.parse({}));
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(
      `cannot read ${path}: ${(cause as Error).message}`,
      'Check the path given with --config.',
      {
        cause,
      },
    );
  }
  return parseConfig(text, path);
}

/** Validates the text of a configuration file; `name` is for messages. Throws {@link ConfigError} with all faults. */
export function parseConfig(text: string, name: string): Config {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  const yamlFaults = findYamlFaults(document, lineCounter);
  if (yamlFaults.length > 0) throw toConfigError(name, yamlFaults, 'Correct the YAML at the line named.');
  const result = ConfigSchema.safeParse(toPlain(document, name));
  if (result.success) return deepFreeze(result.data);
  const faults = result.error.issues.flatMap((issue) => issueToFaults(issue, document, lineCounter));
  throw toConfigError(name, faults, 'docs/configuration.md lists every key with its default.');
}

function toPlain(document: Document, name: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (cause) {
    // The one thing that is left to fail: aliases of aliases that would multiply without end.
    const message = (cause as Error).message;
    throw toConfigError(name, [{ line: null, path: '', message }], 'Write out what the aliases stand for.');
  }
}

/** What is wrong with the file before it is read as a configuration. */
function findYamlFaults(document: Document.Parsed, lineCounter: LineCounter): Fault[] {
  const faults = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    line: lineCounter.linePos(pos[0]).line,
    path: '',
    message: code === 'MULTIPLE_DOCS' ? 'a second document begins here; write one' : message,
  }));
  if (faults.length > 0) return faults;
  visit(document, {
    Alias(_, alias) {
      const line = lineCounter.linePos(alias.range?.[0] ?? 0).line;
      if (!alias.resolve(document))
        faults.push({ line, path: '', message: `*${alias.source} names no anchor before it` });
    },
  });
  return faults;
}

function toConfigError(name: string, faults: Fault[], cure: string): ConfigError {
  const lines = faults
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map(
      ({ line, path, message }) =>
        `  ${line === null ? '' : `line ${line}: `}${path ? `${path}: ` : ''}${message}`,
    );
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return new ConfigError(`${name} has ${count}:\n${lines.join('\n')}`, cure);
}

function issueToFaults(issue: z.core.$ZodIssue, document: Document, lineCounter: LineCounter): Fault[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') {
    return [{ line: lineOf(path, document, lineCounter), path: path.join('.'), message: issue.message }];
  }
  const known = knownKeys(path);
  return issue.keys.map((key) => {
    const nearest = nearestKey(key, known);
    return {
      line: lineOf([...path, key], document, lineCounter),
      path: [...path, key].join('.'),
      message: `unknown key${nearest ? `; did you mean "${nearest}"?` : ''}`,
    };
  });
}

/** The line of the key at `path`, or of its nearest ancestor that the file has: at last, where the file's content begins. */
function lineOf(path: string[], document: Document, lineCounter: LineCounter): number | null {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === path[depth - 1],
      );
      const range = pair && isScalar(pair.key) ? pair.key.range : undefined;
      if (range) return lineCounter.linePos(range[0]).line;
    }
    const node = document.getIn(path.slice(0, depth), true) as
      | { range?: [number, number, number] }
      | undefined;
    if (node?.range) return lineCounter.linePos(node.range[0]).line;
  }
  const whole = document.contents?.range;
  return whole ? lineCounter.linePos(whole[0]).line : null;
}

/** The keys that the schema knows at `path`; empty where it is not an object with fixed keys. */
function knownKeys(path: string[]): string[] {
  let schema: z.ZodType | undefined = ConfigSchema;
  for (const part of path) {
    const inner = unwrap(schema);
    schema = inner?.shape?.[part] ?? inner?.element ?? inner?.valueType;
  }
  return Object.keys(unwrap(schema)?.shape ?? {});
}

type Introspectable = z.ZodType & {
  shape?: Record<string, z.ZodType>;
  element?: z.ZodType;
  valueType?: z.ZodType;
  unwrap?: () => z.ZodType;
  in?: z.ZodType;
};

/** Looks through optional, default, nullable and pipes at what is inside. */
function unwrap(schema: z.ZodType | undefined): Introspectable | undefined {
  let inner = schema as Introspectable | undefined;
  while (inner && !inner.shape) {
    if (inner.element || inner.valueType) return inner;
    if (typeof inner.unwrap === 'function') inner = inner.unwrap() as Introspectable;
    else if (inner.in) inner = inner.in as Introspectable;
    else return inner;
  }
  return inner;
}

/** The known key within an edit distance of a third of its length, if any. */
function nearestKey(key: string, known: readonly string[]): string | null {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, best.candidate.length / 3) ? best.candidate : null;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
