// What cannot be read: each one clear error, the right exit code, and nothing lost that came before.
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFolder, expectOneError, fixture, foretap, linesOf, toZstd } from './command.js';

const WHOLE = fixture('wrk-burst.pcap');
const OTHER = fixture('methods.pcap');
const bytes = readFileSync(WHOLE);

let folder: ReturnType<typeof createFolder>;
/** The rows of the two captures, without the header. */
let rows: string[];
let otherRows: string[];

beforeAll(async () => {
  folder = createFolder({
    // In the middle of a record's payload; and within a record's header.
    'cut.pcap': bytes.subarray(0, recordOffset(300) + 16 + 30),
    'cut-header.pcap': bytes.subarray(0, recordOffset(300) + 7),
    'length.pcap': withLength(recordOffset(300), 0x7fffffff),
    'header-only.pcap': bytes.subarray(0, 24),
    'empty.pcap': '',
    'short.pcap': bytes.subarray(0, 11),
    'text.txt': 'GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n',
    'image.png': Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex'),
    'damaged.pcap.gz': damage(gzipSync(bytes)),
    'cut.pcap.gz': gzipSync(bytes).subarray(0, -4000),
    'cut.pcap.zst': toZstd(bytes).subarray(0, 40_000),
  });
  mkdirSync(folder.at('directory'));
  rows = linesOf((await foretap(['exchanges', WHOLE])).stdout).slice(1);
  otherRows = linesOf((await foretap(['exchanges', OTHER])).stdout).slice(1);
  expect(rows).toHaveLength(187);
  expect(otherRows).toHaveLength(5);
});
afterAll(() => folder.remove());

/** Where the record of that number begins, in a little-endian pcap. */
function recordOffset(index: number): number {
  let offset = 24;
  for (let record = 0; record < index; record++) offset += 16 + bytes.readUInt32LE(offset + 8);
  return offset;
}

function withLength(offset: number, capturedBytes: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(capturedBytes, offset + 8);
  return copy;
}

/** Turns bits over in the last third of a compressed file. */
function damage(compressed: Buffer): Buffer {
  const copy = Buffer.from(compressed);
  const from = Math.floor((copy.length * 2) / 3);
  for (let offset = from; offset < from + 64; offset++) copy[offset]! ^= 0x5a;
  return copy;
}

/** What a row tells before its answer: those that the fault cut off in the middle have no answer. */
function requestOf(row: string): string {
  return row.split('\t').slice(0, 8).join('\t');
}

describe('a capture that breaks off', () => {
  it.each([
    ['cut.pcap', /cut off at byte \d+: .* lacks \d+ bytes/],
    ['cut-header.pcap', /cut off at byte \d+/],
    ['length.pcap', /damaged at byte \d+: a record claims 2147483647 captured bytes/],
    ['damaged.pcap.gz', /damaged/],
    ['cut.pcap.gz', /compressed data is damaged or cut off after \d+ uncompressed bytes/],
    ['cut.pcap.zst', /compressed data is damaged or cut off after \d+ uncompressed bytes/],
  ])('%s gives the rows before the fault, then its place and cure', async (name, place) => {
    const ending = await foretap(['exchanges', folder.at(name)]);
    expectOneError(ending, 3, name, place, 'what came before it was used', 'copy the file again');
    const found = linesOf(ending.stdout).slice(1);
    expect(found.length).toBeGreaterThan(20);
    expect(found.length).toBeLessThan(rows.length);
    expect(found.map(requestOf)).toEqual(rows.slice(0, found.length).map(requestOf));
  });

  it('is read as far as it goes by every command', async () => {
    const windows = await foretap(['windows', folder.at('cut.pcap')]);
    expectOneError(windows, 3, 'cut.pcap', 'cut off at byte');
    const requests = linesOf(windows.stdout).reduce((sum, line) => sum + JSON.parse(line).requests, 0);
    expect(requests).toBeGreaterThan(20);
    const statistics = await foretap(['replay', '--stats', '--json', folder.at('cut.pcap')]);
    expectOneError(statistics, 3, 'cut.pcap', 'cut off at byte');
    expect(JSON.parse(statistics.stdout).frames).toBe(300);
    const up = await foretap(['up', '--replay', folder.at('cut.pcap'), '--store', ':memory:']);
    expectOneError(up, 3, 'cut.pcap', 'cut off at byte');
    expect(up.stdout).toContain('10.77.0.1:80');
  });

  it('does not disturb the other file', async () => {
    const ending = await foretap(['exchanges', folder.at('cut.pcap'), OTHER]);
    expectOneError(ending, 3, 'cut.pcap', 'cut off at byte');
    expect(linesOf(ending.stdout)).toEqual(expect.arrayContaining(otherRows));
    expect(linesOf(ending.stdout).length).toBeGreaterThan(otherRows.length + 20);
  });
});

describe('what is no capture', () => {
  it.each([
    ['empty.pcap', ['is empty', 'expected a pcap or pcapng capture']],
    ['short.pcap', ['cut off at byte']],
    ['text.txt', ['not a capture', 'expected pcap or pcapng, plain or compressed by gzip or zstd']],
    ['image.png', ['not a capture: starts with 89 50 4e 47', 'editcap']],
    ['absent.pcap', ['cannot open', 'check the path and its permissions']],
    ['directory', ['cannot open: is a directory', 'check the path']],
  ])('%s is one error, and the other file is read', async (name, parts) => {
    const ending = await foretap(['exchanges', folder.at(name), OTHER]);
    expectOneError(ending, 3, name, ...parts);
    expect(linesOf(ending.stdout).slice(1)).toEqual(otherRows);
  });

  it('is told of by every command that reads captures', async () => {
    for (const args of [
      ['windows'],
      ['replay', '--stats'],
      ['replay', '--store', ':memory:'],
      ['up', '--store', ':memory:', '--replay'],
    ]) {
      expectOneError(await foretap([...args, folder.at('text.txt')]), 3, 'text.txt', 'not a capture');
    }
  });

  it('each file that cannot be read is named', async () => {
    const ending = await foretap(['exchanges', folder.at('absent.pcap'), folder.at('text.txt'), OTHER]);
    expect(ending.exitCode).toBe(3);
    expect(ending.stderr.match(/^foretap: .*\b(absent\.pcap|text\.txt): /gm)).toHaveLength(2);
    expect(linesOf(ending.stdout).slice(1)).toEqual(otherRows);
  });

  it('a capture without a frame is no error', async () => {
    const ending = await foretap(['exchanges', folder.at('header-only.pcap')]);
    expect(ending).toMatchObject({ exitCode: 0, stderr: '' });
    expect(linesOf(ending.stdout)).toHaveLength(1);
  });

  it('standard input may be empty', async () => {
    const ending = await foretap(['exchanges', '-'], { stdin: Buffer.alloc(0) });
    expectOneError(ending, 3, 'standard input: is empty');
  });

  it('standard input may be text', async () => {
    expectOneError(
      await foretap(['exchanges', '-'], { stdin: Buffer.from('hello') }),
      3,
      'standard input: not a capture',
    );
  });
});

describe('what may not be read', () => {
  /** Root may do anything: for these tests it gives up the right in question. */
  const without = (capabilities: string) =>
    process.getuid?.() === 0 ? ['setpriv', `--bounding-set=${capabilities}`] : [];

  it('a capture of someone else', async () => {
    const path = folder.put('secret.pcap', bytes);
    chmodSync(path, 0o000);
    const ending = await foretap(['exchanges', path], { wrapper: without('-dac_override,-dac_read_search') });
    expectOneError(ending, 3, 'secret.pcap', 'Permission denied', 'check the path and its permissions');
  });

  it('an interface, without the right to listen', async () => {
    const args = ['up', '--interface', 'lo', '--store', ':memory:'];
    const ending = await foretap(args, { wrapper: without('-net_raw') });
    expectOneError(ending, 3, 'lo: no permission to listen', 'run as root', 'setcap cap_net_raw');
    expect(ending.stdout).toBe('');
  });

  it('an interface that does not exist', async () => {
    const ending = await foretap(['up', '--interface', 'nope0', '--store', ':memory:']);
    expectOneError(ending, 2, 'no interface is called nope0', /there are: .*\blo\b/);
    expect(ending.stdout).toBe('');
  });
});
