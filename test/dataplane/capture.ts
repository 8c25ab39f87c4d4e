import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A TCP segment between two IPv4 endpoints, at a time. */
export interface Segment {
  atMs: number;
  source: [address: string, port: number];
  destination: [address: string, port: number];
  sequence: number;
  acknowledgement: number;
  payload: string;
}

/** A request and its answer on an established connection, 20 ms apart. */
export function exchange(
  atMs: number,
  client: string,
  clientPort: number,
  request: string,
  answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
): Segment[] {
  const a: [string, number] = [client, clientPort];
  const b: [string, number] = ['10.0.0.200', 80];
  return [
    { atMs, source: a, destination: b, sequence: 1000, acknowledgement: 9000, payload: request },
    {
      atMs: atMs + 20,
      source: b,
      destination: a,
      sequence: 9000,
      acknowledgement: 1000 + request.length,
      payload: answer,
    },
  ];
}

export function get(path: string, host = 'shop.example'): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

/** A little-endian microsecond pcap of Ethernet frames. */
export function toPcap(segments: readonly Segment[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  return Buffer.concat([header, ...segments.map(toRecord)]);
}

function toRecord(segment: Segment): Buffer {
  const payload = Buffer.from(segment.payload, 'latin1');
  const frame = Buffer.alloc(54 + payload.length);
  frame.writeUInt16BE(0x0800, 12);
  frame.writeUInt8(0x45, 14);
  frame.writeUInt16BE(40 + payload.length, 16);
  frame.writeUInt8(64, 22);
  frame.writeUInt8(6, 23);
  writeAddress(frame, 26, segment.source[0]);
  writeAddress(frame, 30, segment.destination[0]);
  frame.writeUInt16BE(segment.source[1], 34);
  frame.writeUInt16BE(segment.destination[1], 36);
  frame.writeUInt32BE(segment.sequence, 38);
  frame.writeUInt32BE(segment.acknowledgement, 42);
  frame.writeUInt8(0x50, 46);
  frame.writeUInt8(0x18, 47);
  frame.writeUInt16BE(65_535, 48);
  payload.copy(frame, 54);
  const record = Buffer.alloc(16);
  record.writeUInt32LE(Math.floor(segment.atMs / 1000), 0);
  record.writeUInt32LE((segment.atMs % 1000) * 1000, 4);
  record.writeUInt32LE(frame.length, 8);
  record.writeUInt32LE(frame.length, 12);
  return Buffer.concat([record, frame]);
}

function writeAddress(frame: Buffer, offset: number, address: string): void {
  address.split('.').forEach((octet, index) => {
    frame.writeUInt8(Number(octet), offset + index);
  });
}

/** A folder of files for one test; `remove` takes it away. */
export function createFolder(files: Record<string, Buffer>): { path(name: string): string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'foretap-dataplane-'));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return {
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
