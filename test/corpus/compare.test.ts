import { describe, expect, it } from 'vitest';
import { compareExchanges } from './compare.js';
import { type ComparableExchange, oracleRowToExchange, splitTarget } from './oracle.js';

function exchange(change: Partial<ComparableExchange> = {}): ComparableExchange {
  return {
    clientIp: '10.0.0.2',
    clientPort: '40000',
    serverIp: '10.0.0.1',
    serverPort: '80',
    method: 'GET',
    host: 'shop.example',
    path: '/a',
    status: '200',
    requestStartNs: 1_000_000_000n,
    responseStartNs: 1_002_000_000n,
    ...change,
  };
}

describe('compareExchanges', () => {
  it('matches equal rows whatever their order', () => {
    const first = exchange();
    const second = exchange({ path: '/b', requestStartNs: 2_000_000_000n });
    const found = compareExchanges([first, second], [second, first]);
    expect(found).toMatchObject({ matched: 2, missing: [], extra: [], differing: [], mistimed: [] });
    expect(found.timesCompared).toBe(4);
  });

  it('counts repeated requests one by one', () => {
    const found = compareExchanges([exchange(), exchange(), exchange()], [exchange(), exchange()]);
    expect(found.matched).toBe(2);
    expect(found.missing).toHaveLength(1);
  });

  it('pairs repeated requests that are simultaneous first, so that one loss does not shift the rest', () => {
    const at = (seconds: bigint) =>
      exchange({ requestStartNs: seconds * 1_000_000_000n, responseStartNs: null });
    const found = compareExchanges([at(1n), at(2n), at(3n)], [at(2n), at(3n)]);
    expect(found.missing.map((row) => row.requestStartNs)).toEqual([1_000_000_000n]);
    expect(found).toMatchObject({ matched: 2, mistimed: [] });
  });

  it('calls a wrong status or host differing, not missing and extra', () => {
    const found = compareExchanges(
      [exchange(), exchange({ path: '/b' })],
      [exchange({ status: '' }), exchange({ path: '/b', host: '' })],
    );
    expect(found).toMatchObject({ matched: 0, missing: [], extra: [] });
    expect(found.differing.map(({ fields }) => fields)).toEqual([['status'], ['host']]);
  });

  it.each([
    ['clientIp', '10.0.0.3'],
    ['clientPort', '40001'],
    ['serverIp', '10.0.0.9'],
    ['serverPort', '81'],
    ['method', 'HEAD'],
    ['path', '/A'],
  ] as const)('calls another %s missing and extra', (field, value) => {
    const found = compareExchanges([exchange()], [exchange({ [field]: value })]);
    expect([found.matched, found.missing.length, found.extra.length]).toEqual([0, 1, 1]);
  });

  it('reports times beyond a microsecond apart from the match', () => {
    const found = compareExchanges(
      [exchange()],
      [exchange({ requestStartNs: 1_000_000_900n, responseStartNs: 1_002_002_000n })],
    );
    expect(found.matched).toBe(1);
    expect(found.mistimed).toMatchObject([{ field: 'response_start', offsetNs: 2_000n }]);
  });

  it('does not judge times that the oracle does not state', () => {
    const found = compareExchanges([exchange({ requestStartNs: null, responseStartNs: null })], [exchange()]);
    expect(found).toMatchObject({ matched: 1, mistimed: [], timesCompared: 0 });
  });
});

describe('splitTarget', () => {
  it.each([
    ['GET', '/a/b?x=1#y', null, '/a/b'],
    ['GET', '/a#y?x', null, '/a'],
    ['GET', 'http://user@shop.example:81/a?x', 'user@shop.example:81', '/a'],
    ['GET', 'http://shop.example', 'shop.example', '/'],
    ['GET', '/redirect?to=http://other/', null, '/redirect'],
    ['OPTIONS', '*', null, '*'],
    ['CONNECT', 'shop.example:443', 'shop.example:443', ''],
    ['GET', 'HTTP/1.1', null, 'HTTP/1.1'],
  ])('%s %s', (method, target, authority, path) => {
    expect(splitTarget(method, target)).toEqual({ authority, path });
  });
});

describe('oracleRowToExchange', () => {
  it('prefers the authority of an absolute target to the Host header and undoes \\xNN', () => {
    const row = { method: 'GET', host: 'header', target: 'http://target/\\xe9\\x5c', request_start_s: '7.5' };
    expect(oracleRowToExchange(row)).toMatchObject({
      host: 'target',
      path: '/\u00e9\\',
      status: '',
      requestStartNs: 7_500_000_000n,
      responseStartNs: null,
    });
  });
});
