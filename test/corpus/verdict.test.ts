import { describe, expect, it } from 'vitest';
import { compareExchanges } from './compare.js';
import { explainDifferences, findStaleLines, parseKnownDifferences } from './differences.js';
import { type CaptureScope, judgeScope, type OracleGrade, oracleRowToExchange } from './oracle.js';
import { formatReport } from './report.js';
import { type CaptureResult, judgeResults } from './verdict.js';

function rows(count: number, from = 0) {
  return Array.from({ length: count }, (_, at) =>
    oracleRowToExchange({ method: 'GET', target: `/${from + at}` }),
  );
}

function result(
  expected: number,
  actual: { missing?: number; extra?: number },
  options: { grade?: OracleGrade; scope?: CaptureScope; failure?: string } = {},
): CaptureResult {
  const wanted = rows(expected);
  const found = [...wanted.slice(actual.missing ?? 0), ...rows(actual.extra ?? 0, 10_000)];
  const comparison = compareExchanges(wanted, found);
  return {
    capture: {
      file: 'a.pcap',
      path: 'a.pcap',
      grade: options.grade ?? 'exact',
      scope: options.scope ?? 'http1',
      expected: wanted,
    },
    comparison,
    failure: options.failure ?? null,
    differences: explainDifferences('a.pcap', comparison, []),
  };
}

describe('judgeResults', () => {
  it.each([
    [{ missing: 10 }, true],
    [{ missing: 11 }, false],
    [{ extra: 10 }, true],
    [{ extra: 11 }, false],
  ])('holds 1000 exact HTTP/1 requests with %j to the thresholds', (actual, passes) => {
    expect(judgeResults([result(1_000, actual)]).faults.length === 0).toBe(passes);
  });

  it('does not hold advisory oracles, tunnels and HTTP/2 to the thresholds', () => {
    const verdict = judgeResults([
      result(10, { missing: 10 }, { grade: 'advisory' }),
      result(10, { missing: 10 }, { scope: 'tunnel' }),
      result(10, { missing: 10 }, { scope: 'http2' }),
    ]);
    expect(verdict.faults).toEqual([]);
    expect(verdict.total).toMatchObject({ captures: 3, missing: 30 });
    expect(verdict.unexplained).toBe(30);
  });

  it('fails on a crash or a hang whatever the grade', () => {
    expect(
      judgeResults([result(0, {}, { grade: 'none', scope: 'silent', failure: 'hang' })]).faults,
    ).toHaveLength(1);
  });
});

describe('explainDifferences', () => {
  const known = parseKnownDifferences(
    'file\tkind\tcount\treason\na.pcap\tmissing\t2\tcut\na.pcap\tmissing\t1\tlost\nb.pcap\textra\t1\tother\n',
  );

  it('gives each line as many differences as it explains and leaves the excess unexplained', () => {
    const { comparison } = result(10, { missing: 5 });
    expect(explainDifferences('a.pcap', comparison, known)).toEqual([
      { kind: 'missing', count: 2, reason: 'cut' },
      { kind: 'missing', count: 1, reason: 'lost' },
      { kind: 'missing', count: 2, reason: null },
    ]);
  });

  it('finds the lines that explain more than there is', () => {
    const { comparison } = result(10, { missing: 2 });
    expect(findStaleLines(new Map([['a.pcap', comparison]]), known)).toHaveLength(2);
  });

  it.each(['a.pcap\tlost\t1\twhy', 'a.pcap\tmissing\t0\twhy', 'a.pcap\tmissing\t1\t'])(
    'rejects %j',
    (line) => {
      expect(() => parseKnownDifferences(`file\tkind\tcount\treason\n${line}\n`)).toThrow('differences.tsv');
    },
  );
});

describe('formatReport', () => {
  it('names what is unexplained and shows no raw byte of a capture', () => {
    const hostile = oracleRowToExchange({ method: 'GET', target: '/\\x1b[2J' });
    const comparison = compareExchanges([hostile], []);
    const only: CaptureResult = {
      ...result(0, {}),
      comparison,
      differences: explainDifferences('a.pcap', comparison, []),
    };
    const text = formatReport([only], judgeResults([only]), [], false);
    expect(text).toContain('1 missing: UNEXPLAINED');
    expect(text).toContain('/\\x1b[2J');
    expect(text).not.toContain('\u001b');
  });
});

describe('judgeScope', () => {
  it.each([
    ['http1-basic', [{ version: 'HTTP/1.1', note: '' }], 'http1'],
    ['vlan', [{ version: 'HTTP/1.1', note: 'answer-body-incomplete' }], 'http1'],
    ['vxlan', [{ version: 'HTTP/1.1', note: '' }], 'tunnel'],
    ['http1-connect', [{ version: 'HTTP/1.1', note: 'inside-connect-tunnel' }], 'tunnel'],
    [
      'http1-mixed',
      [
        { version: 'HTTP/1.1', note: '' },
        { version: 'HTTP/2', note: '' },
      ],
      'http2',
    ],
    ['tls', [], 'silent'],
  ])('%s with %j is %s', (category, oracleRows, scope) => {
    expect(judgeScope(category, oracleRows)).toBe(scope);
  });
});
