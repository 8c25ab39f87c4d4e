// Starts nginx at the server's end of a mirror rig and gives its access log as the truth about its requests.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OracleColumn, OracleRow } from '../corpus/oracle.js';
import type { Span } from './span.js';

export interface NginxOptions {
  /** Where configuration, log and temporary files go; made if need be. */
  readonly directory: string;
  /** What the server answers with: the inside of a `server` block. */
  readonly locations: string;
  /** Root of static files; default: the directory. */
  readonly root?: string;
  /** Buffer the log, for load; `flush` then writes it out. */
  readonly isLogBuffered?: boolean;
}

export interface Nginx {
  readonly logPath: string;
  /** Size of the log now: what follows belongs to what is done from now on. */
  logOffset(): number;
  /** Rows of the log from an offset on, in order of logging. */
  readLog(offset: number): Partial<OracleRow>[];
  /** Writes out what is buffered. */
  flush(): Promise<void>;
}

const LOG_VARIABLES = [
  ['client_ip', '$remote_addr'],
  ['client_port', '$remote_port'],
  ['server_ip', '$server_addr'],
  ['server_port', '$server_port'],
  ['version', '$server_protocol'],
  ['method', '$request_method'],
  ['host', '$http_host'],
  ['target', '$request_uri'],
  ['status', '$status'],
  ['request_content_length', '$http_content_length'],
  ['response_content_length', '$sent_http_content_length'],
  ['time_request_s', '$msec'],
  ['latency_s', '$request_time'],
] as const satisfies readonly (readonly [OracleColumn, string])[];

/** The client left before an answer: nginx logs this status and sends nothing. */
const STATUS_CLIENT_LEFT = '499';

/** Starts nginx on port 80 of the server's end, IPv4 and IPv6; it stops with the rig. */
export async function startNginx(span: Span, options: NginxOptions): Promise<Nginx> {
  mkdirSync(options.directory, { recursive: true });
  const logPath = join(options.directory, 'access.log');
  const pidPath = join(options.directory, 'nginx.pid');
  const configPath = join(options.directory, 'nginx.conf');
  writeFileSync(logPath, '');
  writeFileSync(configPath, renderConfig(options, logPath, pidPath));
  const child = span.start('server', ['nginx', '-c', configPath, '-p', options.directory, '-e', 'stderr']);
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-2_000);
  });
  for (let tries = 0; !isWritten(pidPath); tries++) {
    if (child.exitCode !== null || tries > 100) throw new Error(`nginx did not start: ${stderr.trim()}`);
    await sleep(50);
  }
  return {
    logPath,
    logOffset: () => statSync(logPath).size,
    readLog: (offset) => parseLog(readFrom(logPath, offset)),
    flush: async () => {
      process.kill(Number(readFileSync(pidPath, 'utf8')), 'SIGUSR1');
      await sleep(300);
    },
  };
}

function isWritten(path: string): boolean {
  return existsSync(path) && statSync(path).size > 0;
}

function readFrom(path: string, offset: number): string {
  const size = statSync(path).size - offset;
  const bytes = Buffer.alloc(Math.max(0, size));
  const file = openSync(path, 'r');
  try {
    readSync(file, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(file);
  }
  return bytes.toString('latin1');
}

function parseLog(text: string): Partial<OracleRow>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const cells = line.split('\t');
      const row = Object.fromEntries(LOG_VARIABLES.map(([column], at) => [column, cells[at] ?? '']));
      // nginx logs the end of a request; the oracle names its beginning.
      const endS = Number(row.time_request_s);
      const start = (endS - Number(row.latency_s)).toFixed(3);
      const status = row.status === STATUS_CLIENT_LEFT ? '' : row.status!;
      return { ...row, status, time_request_s: start };
    });
}

function renderConfig(options: NginxOptions, logPath: string, pidPath: string): string {
  const format = LOG_VARIABLES.map(([, variable]) => variable).join('\\t');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${join(options.directory, 'tmp')};`)
    .join('\n');
  return `daemon off;
user root;
worker_processes 1;
pid ${pidPath};
error_log stderr error;
events { worker_connections 1024; }
http {
${temporary}
  types { text/html html; text/plain txt; application/json json; application/octet-stream bin; }
  log_format truth escape=none '${format}';
  access_log ${logPath} truth${options.isLogBuffered ? ' buffer=256k' : ''};
  # Heads in segments of their own, so that a mirror's gaps can spare them.
  sendfile on;
  # Any later date will do for a 304, not only the file's own.
  if_modified_since before;
  keepalive_requests 100000000;
  server {
    listen 80 default_server;
    listen [::]:80;
    root ${options.root ?? options.directory};
${options.locations}
  }
}
`;
}
