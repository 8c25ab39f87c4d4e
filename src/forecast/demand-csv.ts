import { UnreadableInputError } from '../core/index.js';
import type { DemandSeries } from '../domain/index.js';

/** A grid longer than this is a typing error in a timestamp, not a series. */
const MAX_STEPS = 20_000_000;

const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Reads `timestamp,value` CSV onto a regular grid: ISO-8601 times in order (UTC where no zone is given), the step being the smallest
 * distance between two rows. A step without a row, or with an empty value, is missing; 0 is a real zero.
 * `name` is what errors call the text. Throws {@link UnreadableInputError} with the line of the first fault.
 */
export function parseDemandCsv(text: string, name: string): DemandSeries {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const times: number[] = [];
  const rates: number[] = [];
  const lineNumbers: number[] = [];
  for (const [position, line] of lines.entries()) {
    if (line.trim() === '' || (position === 0 && line.trim().toLowerCase() === 'timestamp,value')) continue;
    const { timeMs, value } = parseLine(line, `${name}:${position + 1}`);
    const before = times.at(-1);
    if (before !== undefined && timeMs <= before) {
      throw new UnreadableInputError(
        `${name}:${position + 1}: time is not after that of the row before`,
        'Sort the rows by time and leave one row a step.',
      );
    }
    times.push(timeMs);
    rates.push(value);
    lineNumbers.push(position + 1);
  }
  return placeOnGrid(times, rates, lineNumbers, name);
}

function parseLine(line: string, place: string): { timeMs: number; value: number } {
  const fields = line.split(',').map((field) => field.trim());
  if (fields.length !== 2) {
    throw new UnreadableInputError(
      `${place}: ${fields.length} field(s) instead of two`,
      'Write rows as timestamp,value: 2026-03-01T12:00:00Z,17.',
    );
  }
  const match = TIMESTAMP.exec(fields[0]!);
  const timeMs = match ? Date.parse(`${match[1]}T${match[2] ?? '00:00'}${match[3] ?? 'Z'}`) : Number.NaN;
  if (Number.isNaN(timeMs)) {
    throw new UnreadableInputError(
      `${place}: "${fields[0]}" is not an ISO-8601 time`,
      'Write times as 2026-03-01T12:00:00Z, below the header timestamp,value.',
    );
  }
  const value = fields[1] === '' || fields[1] === 'NaN' ? Number.NaN : Number(fields[1]);
  if (
    value < 0 ||
    value === Number.POSITIVE_INFINITY ||
    (Number.isNaN(value) && !/^(NaN)?$/.test(fields[1]!))
  ) {
    throw new UnreadableInputError(
      `${place}: "${fields[1]}" is not a demand`,
      'Write a number of at least 0, or leave the row out where data is missing.',
    );
  }
  return { timeMs, value };
}

function placeOnGrid(times: number[], rates: number[], lineNumbers: number[], name: string): DemandSeries {
  if (times.length < 2) {
    throw new UnreadableInputError(
      `${name}: ${times.length} row(s) of data`,
      'Give at least two rows, so that the step is known.',
    );
  }
  const startMs = times[0]!;
  let stepMs = Number.POSITIVE_INFINITY;
  for (let i = 1; i < times.length; i++) stepMs = Math.min(stepMs, times[i]! - times[i - 1]!);
  const steps = Math.round((times.at(-1)! - startMs) / stepMs) + 1;
  if (steps > MAX_STEPS) {
    throw new UnreadableInputError(
      `${name}: ${steps} steps of ${stepMs} ms from the first row to the last`,
      'Look for a mistyped time: the smallest distance between two rows is taken as the step.',
    );
  }
  const values = new Float64Array(steps).fill(Number.NaN);
  for (let i = 0; i < times.length; i++) {
    const step = (times[i]! - startMs) / stepMs;
    if (!Number.isInteger(step)) {
      throw new UnreadableInputError(
        `${name}:${lineNumbers[i]}: time is not on the grid of ${stepMs} ms that begins with the first row`,
        'Bring all rows to a constant step; steps without data may be left out.',
      );
    }
    values[step] = rates[i]!;
  }
  return { startMs, stepMs, values };
}
