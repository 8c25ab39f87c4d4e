// Two lists of exchanges of one capture → which agree, which are missing, extra, or differ in host or status, and
// how far the times of the agreeing ones are apart. Pure.
import type { ComparableExchange } from './oracle.js';

/** The same request on both sides, read differently. */
export interface DifferingPair {
  readonly expected: ComparableExchange;
  readonly actual: ComparableExchange;
  readonly fields: readonly ('host' | 'status')[];
}

/** The same exchange on both sides whose packet times are further apart than the tolerance. */
export interface MistimedPair {
  readonly expected: ComparableExchange;
  readonly actual: ComparableExchange;
  readonly field: 'request_start' | 'response_start';
  /** Actual minus expected; `null` where the actual side has no time. */
  readonly offsetNs: bigint | null;
}

export interface Comparison {
  readonly matched: number;
  readonly missing: readonly ComparableExchange[];
  readonly extra: readonly ComparableExchange[];
  readonly differing: readonly DifferingPair[];
  /** Among the matched only: times are judged apart from the other fields. */
  readonly mistimed: readonly MistimedPair[];
  /** How many times of matched exchanges both sides state. */
  readonly timesCompared: number;
}

/** Captures store microseconds at the coarsest. */
const TIME_TOLERANCE_NS = 1_000n;

/**
 * Pairs the rows of one capture: first those equal in all eight fields, simultaneous ones before the rest in order;
 * then those that share addresses, ports, method and path and differ in host or status. What is left is missing or
 * extra.
 */
export function compareExchanges(
  expected: readonly ComparableExchange[],
  actual: readonly ComparableExchange[],
): Comparison {
  const prompt = pairRows(inOrderOfTime(expected), inOrderOfTime(actual), exchangeKey, isSimultaneous);
  const exact = pairRows(prompt.unpairedExpected, prompt.unpairedActual, exchangeKey);
  const loose = pairRows(exact.unpairedExpected, exact.unpairedActual, requestKey);
  const matches = [...prompt.pairs, ...exact.pairs];
  const times = matches.map(([left, right]) => compareTimes(left, right));
  return {
    matched: matches.length,
    missing: loose.unpairedExpected,
    extra: loose.unpairedActual,
    differing: loose.pairs.map(([left, right]) => ({
      expected: left,
      actual: right,
      fields: (['host', 'status'] as const).filter((field) => left[field] !== right[field]),
    })),
    mistimed: times.flatMap(({ mistimed }) => mistimed),
    timesCompared: times.reduce((sum, { compared }) => sum + compared, 0),
  };
}

function requestKey(row: ComparableExchange): string {
  return [row.clientIp, row.clientPort, row.serverIp, row.serverPort, row.method, row.path].join('\t');
}

function exchangeKey(row: ComparableExchange): string {
  return `${requestKey(row)}\t${row.host}\t${row.status}`;
}

// A source that does not state times (a server's log) keeps its own order.
function inOrderOfTime(rows: readonly ComparableExchange[]): readonly ComparableExchange[] {
  if (rows.some((row) => row.requestStartNs === null)) return rows;
  return [...rows].sort((left, right) => Number(left.requestStartNs! - right.requestStartNs!));
}

interface Pairing {
  readonly pairs: readonly (readonly [ComparableExchange, ComparableExchange])[];
  readonly unpairedExpected: readonly ComparableExchange[];
  readonly unpairedActual: readonly ComparableExchange[];
}

// Takes, for each expected row in turn, the first unused actual row of equal key that `accepts` it.
function pairRows(
  expected: readonly ComparableExchange[],
  actual: readonly ComparableExchange[],
  key: (row: ComparableExchange) => string,
  accepts: (expected: ComparableExchange, actual: ComparableExchange) => boolean = () => true,
): Pairing {
  const candidates = new Map<string, ComparableExchange[]>();
  for (const row of actual) {
    const group = candidates.get(key(row));
    if (group === undefined) candidates.set(key(row), [row]);
    else group.push(row);
  }
  const used = new Set<ComparableExchange>();
  const pairs: [ComparableExchange, ComparableExchange][] = [];
  const unpairedExpected: ComparableExchange[] = [];
  for (const row of expected) {
    const group = candidates.get(key(row)) ?? [];
    const at = group.findIndex((candidate) => accepts(row, candidate));
    if (at === -1) {
      unpairedExpected.push(row);
      continue;
    }
    const partner = group.splice(at, 1)[0]!;
    used.add(partner);
    pairs.push([row, partner]);
  }
  return { pairs, unpairedExpected, unpairedActual: actual.filter((row) => !used.has(row)) };
}

function isSimultaneous(left: ComparableExchange, right: ComparableExchange): boolean {
  const distance = distanceNs(left.requestStartNs, right.requestStartNs);
  return distance !== null && distance <= TIME_TOLERANCE_NS;
}

function distanceNs(left: bigint | null, right: bigint | null): bigint | null {
  if (left === null || right === null) return null;
  return left > right ? left - right : right - left;
}

function compareTimes(
  expected: ComparableExchange,
  actual: ComparableExchange,
): { mistimed: MistimedPair[]; compared: number } {
  const mistimed: MistimedPair[] = [];
  let compared = 0;
  const fields = [
    ['request_start', expected.requestStartNs, actual.requestStartNs],
    ['response_start', expected.responseStartNs, actual.responseStartNs],
  ] as const;
  for (const [field, wanted, found] of fields) {
    if (wanted === null) continue;
    compared += 1;
    const distance = distanceNs(wanted, found);
    if (distance !== null && distance <= TIME_TOLERANCE_NS) continue;
    mistimed.push({ expected, actual, field, offsetNs: found === null ? null : found - wanted });
  }
  return { mistimed, compared };
}
