// Who is measured and how: our extractor, bare and as the whole command, and the programs it is held against.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureTools } from '../services/index.js';
import type { Instruments } from './measurement.js';
import type { Traffic } from './traffic.js';

export const CONTENDER_NAMES = [
  'walk',
  'libpcap',
  'native windows',
  'native rows',
  'foretap windows',
  'foretap exchanges',
  'httpry',
  'tshark',
] as const;
export type ContenderName = (typeof CONTENDER_NAMES)[number];

export interface Contender {
  readonly name: ContenderName;
  command(traffic: Traffic): readonly string[];
  /** Reads only so many packets, since a whole run would take minutes; time is scaled to all of them. */
  readonly slicePackets?: number;
  /** Requests that it finds in a capture, for those that are ours. */
  countRequests?(traffic: Traffic): Promise<number>;
}

/** tshark needs about 45 µs a packet: three seconds a run. */
const TSHARK_SLICE_PACKETS = 60_000;
const COMMAND_LINE = 'dist/main.js';

/** Those of the names, in the order of `CONTENDER_NAMES`. Throws where a tool is missing or ours is not built. */
export function findContenders(instruments: Instruments, names: readonly ContenderName[]): Contender[] {
  const { httpry, tshark } = ensureTools(['httpry', 'tshark']);
  const extract = buildExtractor(dirname(instruments.baseline));
  if (names.some((name) => name.startsWith('foretap')) && !existsSync(COMMAND_LINE)) {
    throw new Error(`${COMMAND_LINE} is not built: run \`npm run build\` first`);
  }
  const foretap = [process.execPath, COMMAND_LINE];
  const all: Contender[] = [
    { name: 'walk', command: ({ path }) => [instruments.baseline, 'walk', path] },
    { name: 'libpcap', command: ({ path }) => [instruments.baseline, 'libpcap', path] },
    createOwn('native windows', [extract, 'windows'], countWindow),
    createOwn('native rows', [extract, 'rows'], countRow),
    createOwn('foretap windows', [...foretap, 'windows'], countWindow),
    createOwn('foretap exchanges', [...foretap, 'exchanges'], countRow),
    { name: 'httpry', command: ({ path }) => [httpry, '-r', path, '-o', '/dev/null'] },
    {
      name: 'tshark',
      slicePackets: TSHARK_SLICE_PACKETS,
      command: ({ path }) => [tshark, ...TSHARK_OPTIONS, '-c', String(TSHARK_SLICE_PACKETS), '-r', path],
    },
  ];
  return all.filter(({ name }) => names.includes(name));
}

/** What an exchange row of ours tells, in tshark's names. */
const TSHARK_FIELDS = [
  'frame.time_epoch',
  'ip.src',
  'tcp.srcport',
  'ip.dst',
  'tcp.dstport',
  'http.request.method',
  'http.host',
  'http.request.uri',
  'http.response.code',
  'http.content_length',
  'http.time',
];
const TSHARK_OPTIONS = [
  ...['-n', '-Y', 'http.request or http.response', '-T', 'fields'],
  ...TSHARK_FIELDS.flatMap((field) => ['-e', field]),
];

/** One of our own: what it prints says how many requests it found. */
function createOwn(
  name: ContenderName,
  command: readonly string[],
  count: (line: string, at: number) => number,
): Contender {
  return {
    name,
    command: ({ path }) => [...command, path],
    countRequests: ({ path }) => sumLines([...command, path], count),
  };
}

/**
 * Builds the data plane's own measuring program with release settings, and gives the path of a copy: another build
 * may share cargo's folder.
 */
function buildExtractor(folder: string): string {
  const options = ['build', '--release', '-p', 'foretap-dataplane', '--example', 'extract'];
  const build = spawnSync('cargo', [...options, '--message-format', 'json-render-diagnostics'], {
    cwd: 'native-bindings',
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const artifacts = (build.stdout ?? '').split('\n').filter((line) => line.includes('"executable"'));
  const executable = artifacts
    .map((line) => JSON.parse(line) as { target?: { name?: string }; executable?: string | null })
    .find(({ target, executable }) => target?.name === 'extract' && executable)?.executable;
  if (build.status !== 0 || !executable)
    throw new Error('cannot build the extractor: see the messages of cargo above');
  const copy = join(folder, 'extract');
  copyFileSync(executable, copy);
  return copy;
}

/** Every line but the header is an exchange. */
function countRow(_line: string, at: number): number {
  return at === 0 ? 0 : 1;
}

/** A line is a window, or an array of them. */
function countWindow(line: string): number {
  const windows = [JSON.parse(line)].flat() as { requests: number }[];
  return windows.reduce((sum, { requests }) => sum + requests, 0);
}

function sumLines(command: readonly string[], count: (line: string, at: number) => number): Promise<number> {
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-2_000);
  });
  let sum = 0;
  let at = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    sum += count(line, at++);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      if (exitCode === 0) resolve(sum);
      else reject(new Error(`${command.join(' ')}: exit code ${exitCode}: ${stderr.trim()}`));
    });
  });
}
