// `npm run corpus -- DIR`: holds `foretap exchanges` against independent oracles, capture by capture.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Comparison, compareExchanges } from './compare.js';
import {
  explainDifferences,
  findStaleLines,
  type KnownDifference,
  parseKnownDifferences,
} from './differences.js';
import { DEFAULT_EXTRACTOR, extractExchanges } from './extractor.js';
import { type CorpusCapture, readCorpus } from './oracle.js';
import { formatReport } from './report.js';
import { type CaptureResult, judgeResults, type Verdict } from './verdict.js';

const USAGE = `usage: npm run corpus -- DIR [--only NAME] [--json] [--verbose] [--strict] [--extractor 'COMMAND …']

Compares the exchanges that the extractor prints for every capture in DIR (and one folder below) with the
NAME.requests.tsv beside it. Fails when a capture crashes or hangs the extractor, or when the HTTP/1 captures of
grade exact outside tunnels match too little.

  --only NAME    only captures whose file name contains NAME (repeatable)
  --json         the results as one JSON object
  --verbose      every difference row, not only the first of the unexplained ones
  --strict       fail on unexplained differences too
  --extractor    the command that prints exchanges, the capture's name to be appended; also FORETAP_EXCHANGES.
                 Default: node dist/main.js exchanges
  --differences  the table of explained differences; default: test/corpus/differences.tsv
  --time-limit   seconds a capture may take; default 20
`;

/** Node takes a while to start: more than one at a time uses the other core. */
const CONCURRENT_EXTRACTIONS = 2;

async function checkCapture(
  capture: CorpusCapture,
  extractor: readonly string[],
  timeLimitMs: number,
  known: readonly KnownDifference[],
): Promise<CaptureResult> {
  const extraction = await extractExchanges(extractor, capture.path, timeLimitMs);
  const comparison = compareExchanges(capture.expected, extraction.kind === 'rows' ? extraction.rows : []);
  const failure =
    extraction.kind === 'hang'
      ? `hang: no end within ${extraction.timeLimitMs / 1_000} s`
      : extraction.kind === 'crash'
        ? `crash: ${extraction.detail}`
        : null;
  return { capture, comparison, failure, differences: explainDifferences(capture.file, comparison, known) };
}

async function checkAll(
  captures: readonly CorpusCapture[],
  check: (capture: CorpusCapture) => Promise<CaptureResult>,
): Promise<CaptureResult[]> {
  const results: CaptureResult[] = [];
  let next = 0;
  const work = async () => {
    while (next < captures.length) {
      const at = next++;
      results[at] = await check(captures[at]!);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_EXTRACTIONS }, work));
  return results;
}

function toJson(results: readonly CaptureResult[], verdict: Verdict): string {
  const captures = results.map(({ capture, comparison, failure, differences }) => ({
    file: capture.file,
    grade: capture.grade,
    scope: capture.scope,
    expected: capture.expected.length,
    ...comparison,
    failure,
    differences,
  }));
  return `${JSON.stringify(
    { captures, ...verdict, byGroup: Object.fromEntries(verdict.byGroup) },
    (_, value) => (typeof value === 'bigint' ? String(value) : value),
    1,
  )}\n`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      extractor: { type: 'string' },
      differences: { type: 'string', default: 'test/corpus/differences.tsv' },
      'time-limit': { type: 'string', default: '20' },
      help: { type: 'boolean', default: false },
    },
  });
  const timeLimitMs = Number(values['time-limit']) * 1_000;
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (positionals.length !== 1 || !(timeLimitMs > 0)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const command = values.extractor ?? process.env.FORETAP_EXCHANGES;
  const extractor = command === undefined ? DEFAULT_EXTRACTOR : command.trim().split(/\s+/);
  const known = parseKnownDifferences(readFileSync(values.differences, 'utf8'));
  const captures = readCorpus(positionals[0]!).filter(
    ({ file }) => values.only.length === 0 || values.only.some((name) => file.includes(name)),
  );
  if (captures.length === 0) {
    process.stderr.write(`corpus: no capture in ${positionals[0]} to compare\n`);
    return 3;
  }
  const results = await checkAll(captures, (capture) => checkCapture(capture, extractor, timeLimitMs, known));
  const verdict = judgeResults(results);
  const comparisons = new Map<string, Comparison>(
    results.map(({ capture, comparison }) => [capture.file, comparison]),
  );
  process.stdout.write(
    values.json
      ? toJson(results, verdict)
      : formatReport(results, verdict, findStaleLines(comparisons, known), values.verbose),
  );
  return verdict.faults.length > 0 || (values.strict && verdict.unexplained > 0) ? 1 : 0;
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: Error) => {
    process.stderr.write(`corpus: ${error.message}\n`);
    process.exitCode = error instanceof TypeError ? 2 : 3;
  },
);
