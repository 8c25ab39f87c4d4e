// The contracts on the command line: rows of exchanges, windows, the account of frames.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from '../../src/dataplane/index.js';
import { ClientWindow, Exchange } from '../../src/domain/index.js';
import { createFolder, fixture, foretap, linesOf, toZstd } from './command.js';

/** DESIGN: other programs rely on these names and their order. */
const COLUMNS =
  'client_ip client_port server_ip server_port version method host path status request_content_length response_content_length request_start_s response_start_s response_end_s';
const SPEC = 'daily?days=0.1&clients=3&seed=5';
const WHOLE = fixture('wrk-burst.pcap');

interface Truth {
  clients: { clientAddress: string; requests: number }[];
}

let folder: ReturnType<typeof createFolder>;
let truth: Truth;
/** The exchanges of the synthetic capture, as its truth has to find them. */
let exchanges: Exchange[];

beforeAll(async () => {
  folder = createFolder();
  expect(await foretap(['synth', SPEC, '--out', folder.at('synth.pcap')])).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: '',
  });
  for await (const _ of synthesize({ spec: SPEC, onTruth: (found) => (truth = found as Truth) }));
  const { stdout, exitCode } = await foretap(['exchanges', folder.at('synth.pcap'), '--format', 'ndjson']);
  expect(exitCode).toBe(0);
  exchanges = linesOf(stdout).map((line) => Exchange.strict().parse(JSON.parse(line)));
});
afterAll(() => folder.remove());

function countBy(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

describe('foretap exchanges', () => {
  it('begins with the header of the contract', async () => {
    const { stdout } = await foretap(['exchanges', WHOLE]);
    const [header, ...rows] = linesOf(stdout);
    expect(header!.split('\t').slice(0, 14)).toEqual(COLUMNS.split(' '));
    const columns = header!.split('\t').length;
    expect(rows).toHaveLength(187);
    expect(rows.filter((row) => row.split('\t').length !== columns)).toEqual([]);
  });

  it('is in order of request time, in one file and over several', async () => {
    const files = ['pipelining.pcap', 'wrk-burst.pcap', 'keep-alive-gets.pcap', 'mid-stream.pcap'].map(
      fixture,
    );
    const { stdout } = await foretap(['exchanges', ...files, '--format', 'ndjson']);
    const starts = linesOf(stdout).map((line) => Exchange.parse(JSON.parse(line)).request_start_s);
    expect(starts.length).toBeGreaterThan(220);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    const own = exchanges.map((exchange) => exchange.request_start_s);
    expect(own).toEqual([...own].sort((a, b) => a - b));
  });

  it('tells the same in both formats, with empty for null', async () => {
    const args = [
      'exchanges',
      fixture('mid-stream.pcap'),
      fixture('one-sided.pcap'),
      fixture('methods.pcap'),
    ];
    const [tsv, ndjson] = await Promise.all([foretap(args), foretap([...args, '--format', 'ndjson'])]);
    const [header, ...rows] = linesOf(tsv.stdout).map((line) => line.split('\t'));
    const objects = linesOf(ndjson.stdout).map((line) => JSON.parse(line));
    expect(Object.keys(objects[0])).toEqual(header);
    expect(objects.some((object) => Object.values(object).includes(null))).toBe(true);
    // Numbers as text: the same decimals or none.
    const plain = (value: unknown) =>
      value === null || value === '' ? null : Number.isNaN(Number(value)) ? value : Number(value);
    expect(rows.map((row) => row.map(plain))).toEqual(
      objects.map((object) => Object.values(object).map(plain)),
    );
  });

  it('finds what was generated', () => {
    expect(truth.clients).toHaveLength(3);
    expect(countBy(exchanges.map((exchange) => exchange.client_ip))).toEqual(
      Object.fromEntries(truth.clients.map(({ clientAddress, requests }) => [clientAddress, requests])),
    );
  });

  it('gives the same rows for a file, a pipe, gzip and zstd', async () => {
    const bytes = readFileSync(WHOLE);
    const expected = (await foretap(['exchanges', WHOLE])).stdout;
    const inputs: [string, Buffer | undefined][] = [
      ['-', bytes],
      ['-', gzipSync(bytes)],
      ['-', toZstd(bytes)],
      [folder.put('whole.pcap.gz', gzipSync(bytes)), undefined],
      [folder.put('whole.pcap.zst', toZstd(bytes)), undefined],
      // The content decides, not the name.
      [folder.put('whole.txt', bytes), undefined],
    ];
    for (const [path, stdin] of inputs) {
      const ending = await foretap(['exchanges', path], stdin ? { stdin } : {});
      expect(ending, path).toEqual({ exitCode: 0, stdout: expected, stderr: '' });
    }
  });

  it('keeps query strings, cookies, credentials and bodies in the data plane', async () => {
    const outputs = await Promise.all([
      foretap(['exchanges', folder.at('synth.pcap')]),
      foretap(['windows', folder.at('synth.pcap')]),
    ]);
    expect(readFileSync(folder.at('synth.pcap'))).toSatisfy((bytes: Buffer) =>
      bytes.includes('synth-secret'),
    );
    for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain('synth-secret');
  });
});

describe('foretap windows', () => {
  it.each(['1s', '10s', '5m'])('of %s sum up to the exchanges', async (step) => {
    const { stdout, exitCode, stderr } = await foretap(['windows', folder.at('synth.pcap'), '--step', step]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const windows = linesOf(stdout).map((line) => ClientWindow.strict().parse(JSON.parse(line)));
    const sum = (of: (window: ClientWindow) => number) =>
      windows.reduce((total, window) => total + of(window), 0);
    expect(sum((window) => window.requests)).toBe(exchanges.length);
    expect(sum((window) => Object.values(window.statuses).reduce((a, b) => a + b))).toBe(
      exchanges.filter((exchange) => exchange.status !== null).length,
    );
    expect(sum((window) => window.statuses.clientError)).toBe(
      exchanges.filter(({ status }) => status !== null && status >= 400 && status < 500).length,
    );
    expect(sum((window) => window.requestBytes)).toBe(
      exchanges.reduce((total, each) => total + each.request_bytes, 0),
    );
    expect(sum((window) => window.responseBytes)).toBe(
      exchanges.reduce((total, each) => total + (each.response_bytes ?? 0), 0),
    );
    for (const { requests, routes } of windows) {
      expect(routes.reduce((total, route) => total + route.requests, 0)).toBe(requests);
    }
    const stepMs = windows[0]!.stepMs;
    expect(windows.every((window) => window.stepMs === stepMs && window.startMs % stepMs === 0)).toBe(true);
    expect(
      new Set(windows.map(({ application, client, startMs }) => `${application} ${client} ${startMs}`)).size,
    ).toBe(windows.length);
  });
});

describe('foretap replay --stats', () => {
  it.each([
    'wrk-burst.pcap',
    'span-copies.pcap',
    'retransmissions.pcap',
    'one-sided.pcap',
    'derived-qinq.pcap',
    'derived-gzip.pcap.gz',
    'connect-tunnel.pcap',
  ])('reconciles the frames of %s', async (name) => {
    const { stdout, exitCode } = await foretap(['replay', '--stats', '--json', fixture(name)]);
    expect(exitCode).toBe(0);
    const { frames, bytes, account } = JSON.parse(stdout);
    const sum = (field: 'frames' | 'bytes') =>
      account.reduce((total: number, entry: Record<'frames' | 'bytes', number>) => total + entry[field], 0);
    expect(frames).toBeGreaterThan(10);
    expect(sum('frames')).toBe(frames);
    expect(sum('bytes')).toBe(bytes);
    expect(new Set(account.map((entry: { reason: string }) => entry.reason)).size).toBe(account.length);
  });

  it('counts every record of a capture, and says so', async () => {
    const bytes = readFileSync(WHOLE);
    let records = 0;
    for (let offset = 24; offset < bytes.length; offset += 16 + bytes.readUInt32LE(offset + 8)) records++;
    const { stdout } = await foretap(['replay', '--stats', WHOLE]);
    expect(stdout).toContain(`frames read ${records} = accounted for ${records}: reconciled`);
  });
});
