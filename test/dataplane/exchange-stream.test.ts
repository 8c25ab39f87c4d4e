import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataplaneError, type InputFault, type Progress, readExchanges } from '../../src/dataplane/index.js';
import { Exchange } from '../../src/domain/index.js';
import { createFolder, exchange, get, toPcap } from './capture.js';

const START_MS = Date.UTC(2026, 2, 2, 12);
const capture = toPcap([
  ...exchange(START_MS, '10.0.0.7', 40_001, get('/a?token=secret')),
  ...exchange(START_MS + 500, '10.0.0.8', 40_002, get('/b'), 'HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n'),
]);

let folder: ReturnType<typeof createFolder>;
beforeAll(() => {
  folder = createFolder({ 'capture.pcap': capture });
});
afterAll(() => folder.remove());

async function readText(format: 'tsv' | 'ndjson', names: string[], onFault?: (fault: InputFault) => void) {
  const inputs = names.map((name) => ({ kind: 'capture' as const, path: folder.path(name) }));
  const progress: Progress[] = [];
  const stream = readExchanges({
    inputs,
    format,
    onProgress: (each) => progress.push(each),
    ...(onFault ? { onFault } : {}),
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { text: Buffer.concat(chunks).toString(), progress, stream };
}

describe('readExchanges', () => {
  it('prints the columns of the contract', async () => {
    const { text, progress, stream } = await readText('tsv', ['capture.pcap']);
    const [header, ...rows] = text
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(header?.slice(0, 14).join(' ')).toBe(
      'client_ip client_port server_ip server_port version method host path status request_content_length response_content_length request_start_s response_start_s response_end_s',
    );
    expect(rows.map((row) => row.slice(0, 9))).toEqual([
      ['10.0.0.7', '40001', '10.0.0.200', '80', 'HTTP/1.1', 'GET', 'shop.example', '/a', '200'],
      ['10.0.0.8', '40002', '10.0.0.200', '80', 'HTTP/1.1', 'GET', 'shop.example', '/b', '404'],
    ]);
    expect(progress.at(-1)).toMatchObject({ frames: 4, requests: 2 });
    expect(stream.account().reduce((sum, { frames }) => sum + frames, 0)).toBe(4);
    expect(stream.counters()).toContainEqual({ name: 'rows', value: 2 });
  });

  it('prints ndjson as the domain knows it, without query strings', async () => {
    const { text } = await readText('ndjson', ['capture.pcap']);
    const rows = text
      .trimEnd()
      .split('\n')
      .map((line) => Exchange.parse(JSON.parse(line)));
    expect(rows.map((row) => [row.path, row.status, row.request_start_s])).toEqual([
      ['/a', 200, START_MS / 1000],
      ['/b', 404, START_MS / 1000 + 0.5],
    ]);
    expect(text).not.toContain('secret');
  });

  it('reports an input that cannot be read and reads the others', async () => {
    const faults: InputFault[] = [];
    const { text } = await readText('tsv', ['absent.pcap', 'capture.pcap'], (fault) => faults.push(fault));
    expect(text.trimEnd().split('\n')).toHaveLength(3);
    expect(faults).toEqual([{ code: 'unreadable', message: expect.stringContaining('absent.pcap') }]);
  });

  it('refuses wrong usage at once', () => {
    const inputs = [
      { kind: 'capture' as const, path: '-' },
      { kind: 'capture' as const, path: '-' },
    ];
    expect(() => readExchanges({ inputs, format: 'tsv' })).toThrow(DataplaneError);
  });
});
