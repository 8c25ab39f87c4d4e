// One capture file → what the extractor under test prints for it, or how it failed. Runs the command in a process
// of its own with a time limit, so that a crash or a hang is a finding and not the end of the run.
import { spawn } from 'node:child_process';
import { type ComparableExchange, parseSeconds, parseTable, unescapeBytes } from './oracle.js';

export type Extraction =
  | { readonly kind: 'rows'; readonly rows: readonly ComparableExchange[]; readonly isUnreadable: boolean }
  | { readonly kind: 'hang'; readonly timeLimitMs: number }
  | { readonly kind: 'crash'; readonly detail: string };

/** The columns that the contract of `foretap exchanges` begins with, in order. */
export const EXCHANGE_COLUMNS = [
  'client_ip',
  'client_port',
  'server_ip',
  'server_port',
  'version',
  'method',
  'host',
  'path',
  'status',
  'request_content_length',
  'response_content_length',
  'request_start_s',
  'response_start_s',
  'response_end_s',
] as const;

/** The command that prints a capture's exchanges, the file name to be appended. */
export const DEFAULT_EXTRACTOR: readonly string[] = [process.execPath, 'dist/main.js', 'exchanges'];

/** Exit codes with which the extractor may end: done, and input unreadable (its rows up to there still count). */
const ACCEPTED_EXIT_CODES = [0, 3];

/** Runs the extractor on one capture. Never rejects: every failure is a kind of result. */
export function extractExchanges(
  extractor: readonly string[],
  capturePath: string,
  timeLimitMs: number,
): Promise<Extraction> {
  const [program, ...args] = extractor;
  return new Promise((resolve) => {
    const child = spawn(program!, [...args, capturePath], { stdio: ['ignore', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    let stderr = '';
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, timeLimitMs);
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-2_000);
    });
    child.on('error', (error) => {
      clearTimeout(limit);
      resolve({ kind: 'crash', detail: error.message });
    });
    child.on('close', (exitCode, signal) => {
      clearTimeout(limit);
      if (isLate) return resolve({ kind: 'hang', timeLimitMs });
      if (signal !== null || exitCode === null || !ACCEPTED_EXIT_CODES.includes(exitCode)) {
        return resolve({ kind: 'crash', detail: `ended with ${signal ?? exitCode}: ${lastLine(stderr)}` });
      }
      resolve(readRows(Buffer.concat(stdout).toString('latin1'), exitCode === 3));
    });
  });
}

/** The extractor's TSV → exchanges; a header that breaks the contract, or none from a readable file, is a crash. */
export function readRows(text: string, isUnreadable: boolean): Extraction {
  const header = text.slice(0, Math.max(0, text.indexOf('\n'))).split('\t');
  const isContract = EXCHANGE_COLUMNS.every((column, at) => header[at] === column);
  if (!isContract && !(isUnreadable && text === '')) {
    return {
      kind: 'crash',
      detail: `header does not begin with the contract's columns: ${header.join(' ')}`,
    };
  }
  try {
    return { kind: 'rows', rows: parseTable(text).map(rowToExchange), isUnreadable };
  } catch (error) {
    return { kind: 'crash', detail: (error as Error).message };
  }
}

function rowToExchange(row: Record<string, string>): ComparableExchange {
  return {
    clientIp: row.client_ip ?? '',
    clientPort: row.client_port ?? '',
    serverIp: row.server_ip ?? '',
    serverPort: row.server_port ?? '',
    method: unescapeBytes(row.method ?? ''),
    host: unescapeBytes(row.host ?? ''),
    path: unescapeBytes(row.path ?? ''),
    status: row.status ?? '',
    requestStartNs: parseSeconds(row.request_start_s ?? ''),
    responseStartNs: parseSeconds(row.response_start_s ?? ''),
  };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
