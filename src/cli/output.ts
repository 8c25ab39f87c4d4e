import { once } from 'node:events';
import { createWriteStream, WriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { EXIT_CODE, ForetapError, UsageError } from '../core/index.js';

/** What was to take the output does not: no space is left, or its device failed. */
export class OutputError extends ForetapError {
  readonly code = 'OUTPUT_FAILED';
  readonly exitCode = EXIT_CODE.failed;

  constructor(name: string, cause: Error) {
    super(`cannot write ${name}: ${cause.message}`, 'Free space there, or write somewhere else.', { cause });
  }
}

/**
 * Writes with backpressure, so that a slow reader (a pager, a pipe) bounds our memory. Rejects with {@link OutputError}; what
 * stdout does not take ends the process elsewhere, in main.ts.
 */
export async function writeFully(stream: Writable, chunk: string | Uint8Array): Promise<void> {
  try {
    if (stream.errored) throw stream.errored;
    if (!stream.write(chunk)) await once(stream, 'drain');
  } catch (cause) {
    throw new OutputError(nameOf(stream), cause as Error);
  }
}

/** Ends what {@link openOutput} opened, and resolves once everything is written; stdout stays open. */
export async function closeOutput(stream: Writable): Promise<void> {
  if (stream === process.stdout) return;
  try {
    await finished(stream.end());
  } catch (cause) {
    throw new OutputError(nameOf(stream), cause as Error);
  }
}

function nameOf(stream: Writable): string {
  return stream instanceof WriteStream ? String(stream.path) : 'the output';
}

/** One line on stderr for each error: what and where, then the cure. */
export function describeError(error: unknown): string {
  if (error instanceof ForetapError) {
    return `foretap: ${error.message}${error.cure ? `\n  → ${error.cure}` : ''}\n`;
  }
  const { stack } = error instanceof Error ? error : new Error(String(error));
  return `foretap: this is a defect in foretap, please report it\n${stack}\n`;
}

/** Opens `--out FILE` for writing; `-` is stdout. */
export async function openOutput(path: string): Promise<Writable> {
  if (path === '-') return process.stdout;
  const stream = createWriteStream(path);
  try {
    await once(stream, 'open');
    // Heard by whoever writes or closes next.
    stream.on('error', () => {});
  } catch (cause) {
    throw new UsageError(
      `cannot write ${path}: ${(cause as Error).message}`,
      'Give a file in a directory that exists.',
      {
        cause,
      },
    );
  }
  return stream;
}

/** A table with aligned columns; numbers (by `align: 'right'`) to the right. Plain text, no color. */
export function formatTable(
  columns: readonly { title: string; align?: 'left' | 'right' }[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...rows.map((row) => (row[index] ?? '').length)),
  );
  const formatRow = (cells: readonly string[]) =>
    columns
      .map((column, index) =>
        column.align === 'right'
          ? (cells[index] ?? '').padStart(widths[index]!)
          : (cells[index] ?? '').padEnd(widths[index]!),
      )
      .join('  ')
      .trimEnd();
  const lines = [
    formatRow(columns.map((column) => column.title)),
    widths.map((width) => '─'.repeat(width)).join('  '),
  ];
  return `${[...lines, ...rows.map(formatRow)].join('\n')}\n`;
}
