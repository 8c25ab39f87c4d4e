// The differences that are known and explained: `differences.tsv` says for a capture and a kind of difference how
// many there may be and why. Gives each found difference its reason, or says that it has none.
import type { Comparison } from './compare.js';
import { parseTable } from './oracle.js';

export const DIFFERENCE_KINDS = ['missing', 'extra', 'differing', 'mistimed'] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** One line of `differences.tsv`: up to `count` differences of this kind in this capture have this reason. */
export interface KnownDifference {
  readonly file: string;
  readonly kind: DifferenceKind;
  readonly count: number;
  readonly reason: string;
}

/** The differences of one kind in one capture; a `null` reason means that nobody has explained them yet. */
export interface ExplainedDifference {
  readonly kind: DifferenceKind;
  readonly count: number;
  readonly reason: string | null;
}

/** Reads the text of `differences.tsv`. Throws on a kind that does not exist, a count below one, no reason. */
export function parseKnownDifferences(text: string): KnownDifference[] {
  return parseTable(text).map((row) => {
    const count = Number(row.count);
    const kind = DIFFERENCE_KINDS.find((known) => known === row.kind);
    if (kind === undefined || !Number.isInteger(count) || count < 1 || !row.file || !row.reason) {
      throw new Error(`differences.tsv: wants file, kind, count, reason; found ${JSON.stringify(row)}`);
    }
    return { file: row.file, kind, count, reason: row.reason };
  });
}

/**
 * The differences of one capture with their reasons. Lines of the same kind add up; what exceeds their counts is
 * unexplained.
 */
export function explainDifferences(
  file: string,
  comparison: Comparison,
  known: readonly KnownDifference[],
): ExplainedDifference[] {
  return DIFFERENCE_KINDS.flatMap((kind) => {
    let left = comparison[kind].length;
    const explained: ExplainedDifference[] = [];
    for (const line of known) {
      if (line.file !== file || line.kind !== kind || left === 0) continue;
      const count = Math.min(left, line.count);
      explained.push({ kind, count, reason: line.reason });
      left -= count;
    }
    return left > 0 ? [...explained, { kind, count: left, reason: null }] : explained;
  });
}

/** Lines whose capture was compared and shows fewer such differences than they allow: the table is out of date. */
export function findStaleLines(
  comparisons: ReadonlyMap<string, Comparison>,
  known: readonly KnownDifference[],
): KnownDifference[] {
  return known.filter((line) => {
    const comparison = comparisons.get(line.file);
    if (comparison === undefined) return false;
    const allowed = known
      .filter((other) => other.file === line.file && other.kind === line.kind)
      .reduce((sum, other) => sum + other.count, 0);
    return comparison[line.kind].length < allowed;
  });
}
