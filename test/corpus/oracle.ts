// What the right answer is: reads `NAME.requests.tsv` and `MANIFEST.tsv` beside captures, in the columns of an
// independent dissector, and reduces each request to what the `foretap exchanges` contract promises.
// Does not read captures and does not know the extractor.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One HTTP exchange as both sides of the comparison state it. Unknown fields are empty; bytes are Latin-1. */
export interface ComparableExchange {
  readonly clientIp: string;
  readonly clientPort: string;
  readonly serverIp: string;
  readonly serverPort: string;
  readonly method: string;
  readonly host: string;
  /** Target without scheme, authority, query and fragment; empty for CONNECT. */
  readonly path: string;
  readonly status: string;
  /** Packet time of the first byte of the request; `null` where the source does not say. */
  readonly requestStartNs: bigint | null;
  /** Packet time of the first byte of the final answer; `null` where there is none or the source does not say. */
  readonly responseStartNs: bigint | null;
}

/** The header line of a `NAME.requests.tsv`. */
export const ORACLE_COLUMNS = [
  'client_ip',
  'client_port',
  'server_ip',
  'server_port',
  'version',
  'method',
  'host',
  'target',
  'status',
  'request_content_length',
  'response_content_length',
  'time_request_s',
  'latency_s',
  'request_frame',
  'response_frame',
  'request_start_s',
  'response_start_s',
  'note',
] as const;
export type OracleColumn = (typeof ORACLE_COLUMNS)[number];
export type OracleRow = Readonly<Record<OracleColumn, string>>;

export type OracleGrade = 'exact' | 'advisory' | 'none';

/**
 * Which requirement a capture falls under. `http1`: HTTP/1 on TCP without a tunnel, held to the thresholds.
 * `tunnel`: inside an encapsulation. `http2`: at least one HTTP/2 exchange. `silent`: nothing to find.
 */
export type CaptureScope = 'http1' | 'tunnel' | 'http2' | 'silent';

/** A capture and what is known about it. */
export interface CorpusCapture {
  /** Path relative to the corpus folder, as in the manifest. */
  readonly file: string;
  readonly path: string;
  readonly grade: OracleGrade;
  readonly scope: CaptureScope;
  readonly expected: readonly ComparableExchange[];
}

/** Manifest categories whose HTTP is wrapped in another packet or another protocol's connection. */
const TUNNEL_CATEGORIES = new Set([
  'erspan',
  'geneve',
  'gre',
  'gtp',
  'ip-in-ip',
  'link-80211',
  'mpls',
  'pppoe',
  'socks',
  'vxlan',
]);
const TUNNEL_NOTES = ['inside-connect-tunnel', 'inside-socks'];
const CAPTURE_NAME = /\.(pcap|cap|pcapng)(\.(gz|zst))?$/;

/** Tab-separated text with a header line → one record a row; cells that a row lacks are empty. */
export function parseTable(text: string): Record<string, string>[] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const header = (lines.shift() ?? '').split('\t');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const cells = line.split('\t');
      return Object.fromEntries(header.map((column, at) => [column, cells[at] ?? '']));
    });
}

/** `1692957822.217564000` → nanoseconds; `null` for an empty cell. Throws on anything else. */
export function parseSeconds(text: string): bigint | null {
  if (text === '') return null;
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) throw new Error(`not a time in seconds: ${JSON.stringify(text)}`);
  return BigInt(match[1]!) * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

/** Undoes `\xNN`, so that a cell compares equal whether its writer escaped odd bytes or not. */
export function unescapeBytes(text: string): string {
  return text.replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Splits a request target (RFC 9112 section 3.2) into its authority, where it has one, and its path. */
export function splitTarget(method: string, target: string): { authority: string | null; path: string } {
  if (method === 'CONNECT') return { authority: target, path: '' };
  const absolute = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/([^/?#]*)(.*)$/s.exec(target);
  const [authority, rest] = absolute === null ? [null, target] : [absolute[1]!, absolute[2]!];
  const path = rest.replace(/[?#].*$/s, '');
  return { authority, path: absolute !== null && path === '' ? '/' : path };
}

/** What `foretap exchanges` has to say about one row of an oracle. */
export function oracleRowToExchange(row: Readonly<Record<string, string>>): ComparableExchange {
  const method = unescapeBytes(row.method ?? '');
  const { authority, path } = splitTarget(method, unescapeBytes(row.target ?? ''));
  return {
    clientIp: row.client_ip ?? '',
    clientPort: row.client_port ?? '',
    serverIp: row.server_ip ?? '',
    serverPort: row.server_port ?? '',
    method,
    host: authority ?? unescapeBytes(row.host ?? ''),
    path,
    status: row.status ?? '',
    requestStartNs: parseSeconds(row.request_start_s ?? ''),
    responseStartNs: parseSeconds(row.response_start_s ?? ''),
  };
}

/** One line of a `NAME.requests.tsv`; columns that are not given stay empty. */
export function formatOracleRow(row: Partial<OracleRow>): string {
  return ORACLE_COLUMNS.map((column) => row[column] ?? '').join('\t');
}

/** Judges which requirement a capture falls under, from its manifest category and its oracle's rows. */
export function judgeScope(
  category: string,
  rows: readonly Readonly<Record<string, string>>[],
): CaptureScope {
  if (rows.length === 0) return 'silent';
  if (rows.some((row) => row.version === 'HTTP/2')) return 'http2';
  const isTunnelled = rows.some((row) => TUNNEL_NOTES.some((note) => (row.note ?? '').includes(note)));
  return isTunnelled || TUNNEL_CATEGORIES.has(category) ? 'tunnel' : 'http1';
}

/**
 * Every capture in `directory` and one level below, with its oracle. Without a manifest an oracle counts as exact,
 * and a capture without an oracle as one with nothing to find.
 */
export function readCorpus(directory: string): CorpusCapture[] {
  const manifest = new Map(
    readOptional(join(directory, 'MANIFEST.tsv'), parseTable, []).map((row) => [row.file ?? '', row]),
  );
  return listCaptures(directory).map((file) => {
    const path = join(directory, file);
    const rows = readOptional(path.replace(CAPTURE_NAME, '.requests.tsv'), parseTable, []);
    const known = manifest.get(file);
    const fallbackGrade: OracleGrade = rows.length > 0 ? 'exact' : 'none';
    return {
      file,
      path,
      grade: (known?.oracle_grade as OracleGrade | undefined) ?? fallbackGrade,
      scope: judgeScope(known?.category ?? '', rows),
      expected: rows.map(oracleRowToExchange),
    };
  });
}

function listCaptures(directory: string): string[] {
  const files: string[] = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isFile() && CAPTURE_NAME.test(entry.name)) files.push(entry.name);
    if (!entry.isDirectory()) continue;
    for (const inner of readdirSync(join(directory, entry.name), { withFileTypes: true })) {
      if (inner.isFile() && CAPTURE_NAME.test(inner.name)) files.push(`${entry.name}/${inner.name}`);
    }
  }
  return files.sort();
}

function readOptional<T>(path: string, parse: (text: string) => T, fallback: T): T {
  try {
    return parse(readFileSync(path, 'latin1'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return fallback;
    throw error;
  }
}
