// All captures' results → totals by grade and scope, and whether the requirement holds. Pure.
import type { Comparison } from './compare.js';
import type { ExplainedDifference } from './differences.js';
import type { CaptureScope, CorpusCapture, OracleGrade } from './oracle.js';

/** What came of one capture. `failure` names a crash or a hang; its rows then all count as missing. */
export interface CaptureResult {
  readonly capture: CorpusCapture;
  readonly comparison: Comparison;
  readonly failure: string | null;
  readonly differences: readonly ExplainedDifference[];
}

/** Sums over captures. */
export interface Tally {
  readonly captures: number;
  readonly expected: number;
  readonly matched: number;
  readonly missing: number;
  readonly extra: number;
  readonly differing: number;
  readonly timesCompared: number;
  readonly mistimed: number;
}

export interface Verdict {
  /** Keyed `grade scope`, such as `exact http1`. */
  readonly byGroup: ReadonlyMap<string, Tally>;
  readonly total: Tally;
  /** Matched and extra exchanges over expected ones, on the captures that the requirement names. */
  readonly matchedRatio: number;
  readonly extraRatio: number;
  /** Why the run fails; empty when it passes. */
  readonly faults: readonly string[];
  readonly unexplained: number;
}

export const MIN_MATCHED_RATIO = 0.99;
export const MAX_EXTRA_RATIO = 0.01;

/** The one group that is held to the thresholds. */
const HELD_GROUP = groupName('exact', 'http1');

/** Adds up the results of one group of captures. */
export function tallyResults(results: readonly CaptureResult[]): Tally {
  const sum = (count: (result: CaptureResult) => number) =>
    results.reduce((total, result) => total + count(result), 0);
  return {
    captures: results.length,
    expected: sum(({ capture }) => capture.expected.length),
    matched: sum(({ comparison }) => comparison.matched),
    missing: sum(({ comparison }) => comparison.missing.length),
    extra: sum(({ comparison }) => comparison.extra.length),
    differing: sum(({ comparison }) => comparison.differing.length),
    timesCompared: sum(({ comparison }) => comparison.timesCompared),
    mistimed: sum(({ comparison }) => comparison.mistimed.length),
  };
}

/** Judges a whole run: thresholds on well-formed HTTP/1 outside tunnels; no crash and no hang on any capture. */
export function judgeResults(results: readonly CaptureResult[]): Verdict {
  const groups = new Map<string, CaptureResult[]>();
  for (const result of results) {
    const name = groupName(result.capture.grade, result.capture.scope);
    groups.set(name, [...(groups.get(name) ?? []), result]);
  }
  const byGroup = new Map([...groups].sort().map(([name, members]) => [name, tallyResults(members)]));
  const held = tallyResults(groups.get(HELD_GROUP) ?? []);
  const matchedRatio = held.expected === 0 ? 1 : held.matched / held.expected;
  const extraRatio = held.expected === 0 ? 0 : held.extra / held.expected;
  const faults = results
    .filter(({ failure }) => failure !== null)
    .map(({ capture, failure }) => `${capture.file}: ${failure}`);
  if (matchedRatio < MIN_MATCHED_RATIO) {
    faults.push(
      `matched ${formatPercent(matchedRatio)} of ${HELD_GROUP}, wants ${formatPercent(MIN_MATCHED_RATIO)}`,
    );
  }
  if (extraRatio > MAX_EXTRA_RATIO) {
    faults.push(
      `extra ${formatPercent(extraRatio)} on ${HELD_GROUP}, allows ${formatPercent(MAX_EXTRA_RATIO)}`,
    );
  }
  const unexplained = results
    .flatMap(({ differences }) => differences)
    .reduce((sum, { count, reason }) => sum + (reason === null ? count : 0), 0);
  return { byGroup, total: tallyResults(results), matchedRatio, extraRatio, faults, unexplained };
}

export function formatPercent(ratio: number): string {
  return `${(ratio * 100).toFixed(2)} %`;
}

function groupName(grade: OracleGrade, scope: CaptureScope): string {
  return `${grade} ${scope}`;
}
