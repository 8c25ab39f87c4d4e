import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { ForetapError, UsageError } from '../core/index.js';

/** Writes with backpressure, so that a slow reader (a pager, a pipe) bounds our memory. */
export async function writeFully(stream: Writable, chunk: string | Uint8Array): Promise<void> {
  if (!stream.write(chunk)) await once(stream, 'drain');
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
