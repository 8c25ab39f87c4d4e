// Results and verdict → text for people. Pure.
import type { ExplainedDifference, KnownDifference } from './differences.js';
import type { ComparableExchange } from './oracle.js';
import { type CaptureResult, formatPercent, type Tally, type Verdict } from './verdict.js';

/** How many rows of one kind of difference are shown with `--verbose` off. */
const SHOWN_EXAMPLES = 3;

/** The whole report: one line a capture, the differences with their reasons, the totals, the verdict. */
export function formatReport(
  results: readonly CaptureResult[],
  verdict: Verdict,
  stale: readonly KnownDifference[],
  isVerbose: boolean,
): string {
  const lines = [
    formatColumns(['capture', 'matched', 'missing', 'extra', 'differing', 'mistimed', 'oracle']),
  ];
  for (const { capture, comparison, failure } of results) {
    lines.push(
      formatColumns([
        capture.file,
        `${comparison.matched}/${capture.expected.length}`,
        comparison.missing.length,
        comparison.extra.length,
        comparison.differing.length,
        comparison.mistimed.length,
        `${capture.grade} ${capture.scope}${failure === null ? '' : `  ${failure}`}`,
      ]),
    );
  }
  lines.push('', 'Differences');
  for (const result of results) lines.push(...formatDifferences(result, isVerbose));
  for (const line of stale) {
    lines.push(`  out of date: ${line.file} shows fewer "${line.kind}" than differences.tsv explains`);
  }
  lines.push(
    '',
    formatColumns(['total', 'matched', 'missing', 'extra', 'differing', 'mistimed', 'captures']),
  );
  for (const [name, tally] of verdict.byGroup) lines.push(formatTally(name, tally));
  lines.push(formatTally('all', verdict.total), '', formatVerdict(verdict));
  return `${lines.join('\n')}\n`;
}

function formatVerdict(verdict: Verdict): string {
  const figures = `HTTP/1, exact, no tunnel: ${formatPercent(verdict.matchedRatio)} matched, ${formatPercent(
    verdict.extraRatio,
  )} extra; ${verdict.unexplained} differences UNEXPLAINED`;
  if (verdict.faults.length === 0) return `pass  ${figures}`;
  return `FAIL  ${figures}\n${verdict.faults.map((fault) => `  ${fault}`).join('\n')}`;
}

function formatDifferences(result: CaptureResult, isVerbose: boolean): string[] {
  return result.differences.flatMap((difference) => {
    const { kind, count, reason } = difference;
    const head = `  ${result.capture.file}: ${count} ${kind}: ${reason ?? 'UNEXPLAINED'}`;
    if (reason !== null && !isVerbose) return [head];
    const examples = exampleRows(result, difference);
    const shown = isVerbose ? examples : examples.slice(0, SHOWN_EXAMPLES);
    const rest = examples.length - shown.length;
    return [head, ...shown.map((row) => `      ${row}`), ...(rest > 0 ? [`      … and ${rest} more`] : [])];
  });
}

function exampleRows({ comparison }: CaptureResult, { kind }: ExplainedDifference): string[] {
  switch (kind) {
    case 'missing':
    case 'extra':
      return comparison[kind].map(formatExchange);
    case 'differing':
      return comparison.differing.map(({ expected, actual, fields }) => {
        const changes = fields.map((field) => `${field} ${show(expected[field])} → ${show(actual[field])}`);
        return `${formatExchange(expected)}: ${changes.join(', ')}`;
      });
    case 'mistimed':
      return comparison.mistimed.map(({ expected, field, offsetNs }) => {
        const offset = offsetNs === null ? 'absent' : `${Number(offsetNs) / 1e3} µs off`;
        return `${formatExchange(expected)}: ${field} ${offset}`;
      });
  }
}

function formatExchange(row: ComparableExchange): string {
  const at = row.requestStartNs === null ? '' : ` at ${Number(row.requestStartNs) / 1e9}`;
  const flow = `${row.clientIp}:${row.clientPort} → ${row.serverIp}:${row.serverPort}`;
  return `${flow} ${show(row.method)} ${show(row.host)} ${show(row.path)} ${show(row.status)}${at}`;
}

// Captures are hostile: nothing of theirs reaches the terminal unescaped, nor at any length.
function show(text: string): string {
  if (text === '') return '-';
  const printable = text.replace(
    /[^\x21-\x7e]/g,
    (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return printable.length > 80 ? `${printable.slice(0, 77)}…` : printable;
}

function formatTally(name: string, tally: Tally): string {
  return formatColumns([
    name,
    `${tally.matched}/${tally.expected}`,
    tally.missing,
    tally.extra,
    tally.differing,
    `${tally.mistimed}/${tally.timesCompared}`,
    tally.captures,
  ]);
}

function formatColumns(cells: readonly (string | number)[]): string {
  const widths = [52, 11, 8, 8, 10, 11];
  return cells
    .map((cell, at) => {
      const width = widths[at];
      if (width === undefined) return `  ${cell}`;
      return at === 0 ? String(cell).padEnd(width) : String(cell).padStart(width);
    })
    .join('');
}
