import { describe, expect, it } from 'vitest';
import { EXCHANGE_COLUMNS, extractExchanges, readRows } from './extractor.js';

const HEADER = `${EXCHANGE_COLUMNS.join('\t')}\troute`;
const ROW = '10.0.0.2\t4000\t10.0.0.1\t80\tHTTP/1.1\tGET\tshop\t/a\t200\t\t5\t1.000000002\t1.5\t1.6\t/a';

function extract(script: string, timeLimitMs = 20_000) {
  return extractExchanges([process.execPath, '-e', script], 'a.pcap', timeLimitMs);
}

describe('readRows', () => {
  it('reads rows by column name and ignores further columns', () => {
    const read = readRows(`${HEADER}\n${ROW}\n`, false);
    expect(read).toMatchObject({
      kind: 'rows',
      rows: [{ clientPort: '4000', path: '/a', status: '200', requestStartNs: 1_000_000_002n }],
    });
  });

  it.each(['', 'client_ip\tmethod\n', `${ROW}\n`])(
    'calls output without the contract header a crash: %j',
    (text) => {
      expect(readRows(text, false).kind).toBe('crash');
    },
  );
});

describe('extractExchanges', () => {
  it('takes what an unreadable input gave up to its fault', async () => {
    const script = `process.stdout.write(${JSON.stringify(`${HEADER}\n${ROW}\n`)}); process.exitCode = 3`;
    expect(await extract(script)).toMatchObject({ kind: 'rows', isUnreadable: true, rows: [{ path: '/a' }] });
  });

  it('names an exit code, a signal and a program that does not exist', async () => {
    expect(await extract('process.stderr.write("boom\\n"); process.exit(1)')).toMatchObject({
      kind: 'crash',
      detail: 'ended with 1: boom',
    });
    expect(await extract('process.kill(process.pid, "SIGSEGV")')).toMatchObject({ kind: 'crash' });
    expect((await extractExchanges(['/does/not/exist'], 'a.pcap', 1_000)).kind).toBe('crash');
  });

  it('ends a hang', async () => {
    expect(await extract('setInterval(() => {}, 1000)', 300)).toEqual({ kind: 'hang', timeLimitMs: 300 });
  });
});
