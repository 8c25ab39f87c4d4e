// The captures that figures are taken from: real nginx, real clients, a real mirror port, and the server's access
// log as the truth. Made once into `.bench/`, used again until they are asked for anew.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CaptureCount,
  ensureTools,
  explainMissingSpan,
  type Nginx,
  Span,
  startNginx,
} from '../services/index.js';

/** `A`: mixed sizes and everything HTTP/1.1 has. `B`: small requests back to back, the hardest per byte. */
export const TRAFFIC_KINDS = ['A', 'B'] as const;
export type TrafficKind = (typeof TRAFFIC_KINDS)[number];

/** A capture with what is known about it without reading it. */
export interface Traffic {
  readonly kind: TrafficKind;
  readonly path: string;
  /** Lines of the server's access log. */
  readonly requests: number;
  readonly packets: number;
  readonly bytes: number;
  /** Frames that the capture missed; zero, or the capture is not kept. */
  readonly dropped: number;
}

/** How much traffic of each kind at size 1. */
const REQUESTS_AT_SIZE_1 = { A: 112_000, B: 587_000 } as const satisfies Record<TrafficKind, number>;
const CONNECTIONS = 64;
const CLIENTS = 8;
/** Between kernel and file; a burst of a second fits. */
const CAPTURE_BUFFER_KIB = 262_144;

/** The captures of these kinds, made where they are missing. `size` scales the number of requests. */
export async function provideTraffic(
  directory: string,
  kinds: readonly TrafficKind[],
  size: number,
  isAnew: boolean,
  report: (line: string) => void,
): Promise<Traffic[]> {
  const found = new Map(kinds.map((kind) => [kind, isAnew ? null : readTraffic(directory, kind, size)]));
  const missing = kinds.filter((kind) => found.get(kind) === null);
  if (missing.length > 0) {
    const obstacle = explainMissingRig();
    if (obstacle !== null) throw new Error(`cannot make captures here: ${obstacle}`);
    for (const kind of missing) {
      report(`making ${kind} at size ${size} …`);
      found.set(kind, await makeTraffic(directory, kind, size));
    }
  }
  return kinds.map((kind) => found.get(kind)!);
}

/**
 * The largest of the committed captures, for a short run on a machine that cannot make captures: of kind B by its
 * nature, its truth the rows of its server's log.
 */
export function provideFixture(folder: string, countPackets: (path: string) => number): Traffic {
  const path = join(folder, 'wrk-burst.pcap');
  const rows = readFileSync(join(folder, 'wrk-burst.requests.tsv'), 'latin1').trim().split('\n').length - 1;
  return {
    kind: 'B',
    path,
    requests: rows,
    packets: countPackets(path),
    bytes: statSync(path).size,
    dropped: 0,
  };
}

/** Why this machine cannot make captures, or `null` where it can. */
export function explainMissingRig(): string | null {
  try {
    ensureTools(['curl', 'nginx', 'h2load']);
    return explainMissingSpan();
  } catch (error) {
    return (error as Error).message;
  }
}

function folderOf(directory: string, kind: TrafficKind, size: number): string {
  return join(directory, `${kind}-${size}`);
}

function readTraffic(directory: string, kind: TrafficKind, size: number): Traffic | null {
  const path = join(folderOf(directory, kind, size), 'traffic.json');
  if (!existsSync(path)) return null;
  const traffic = JSON.parse(readFileSync(path, 'utf8')) as Traffic;
  return existsSync(traffic.path) ? traffic : null;
}

async function makeTraffic(directory: string, kind: TrafficKind, size: number): Promise<Traffic> {
  const folder = folderOf(directory, kind, size);
  rmSync(folder, { recursive: true, force: true });
  const site = join(folder, 'site');
  mkdirSync(site, { recursive: true });
  writeSite(site);
  const path = join(folder, 'capture.pcap');
  const span = Span.create();
  try {
    const nginx = await startNginx(span, {
      directory: site,
      isLogBuffered: true,
      locations: locationsIn(site),
    });
    const capture = await span.capture(path, { bufferKib: CAPTURE_BUFFER_KIB });
    const requests = Math.max(CONNECTIONS * CLIENTS, Math.round(REQUESTS_AT_SIZE_1[kind] * size));
    await (kind === 'A' ? driveMixed(span, site, requests) : driveSmall(span, requests));
    await sleep(500);
    const count = await capture.stop();
    const traffic = { kind, path, ...(await judgeCapture(kind, nginx, count)), bytes: statSync(path).size };
    writeFileSync(join(folder, 'traffic.json'), `${JSON.stringify(traffic)}\n`);
    return traffic;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  } finally {
    span.remove();
  }
}

async function judgeCapture(
  kind: TrafficKind,
  nginx: Nginx,
  count: CaptureCount,
): Promise<Pick<Traffic, 'requests' | 'packets' | 'dropped'>> {
  await nginx.flush();
  const requests = readFileSync(nginx.logPath, 'latin1').split('\n').length - 1;
  if (count.dropped > 0)
    throw new Error(`traffic ${kind}: the capture missed ${count.dropped} frames; try again`);
  if (count.captured < count.mirrored) {
    throw new Error(
      `traffic ${kind}: ${count.mirrored} frames were mirrored, ${count.captured} captured; try again`,
    );
  }
  return { requests, packets: count.captured, dropped: count.dropped };
}

/** Static files of every size, one of them full of request lines, and one that compresses well. */
function writeSite(site: string): void {
  for (const kib of [1, 4, 16, 64, 256, 1024])
    writeFileSync(join(site, `${kib}k.bin`), Buffer.alloc(kib * 1024, kib));
  const decoy =
    'GET /inside/a/body HTTP/1.1\r\nHost: decoy\r\n\r\nHTTP/1.1 500 Decoy\r\nContent-Length: 9\r\n\r\n';
  writeFileSync(join(site, 'decoy.txt'), decoy.repeat(200));
  writeFileSync(join(site, 'words.txt'), Array.from({ length: 3_000 }, (_, at) => `word-${at}`).join('\n'));
}

function locationsIn(site: string): string {
  return `
    location /item/ { default_type application/json; return 200 '{"id":"$request_uri","state":"ok"}'; }
    location /accept { return 204; }
    location /words.txt { gzip on; gzip_min_length 1; root ${site}; }`;
}

/** Small requests back to back from several clients, to a handful of routes. */
async function driveSmall(span: Span, requests: number): Promise<void> {
  const paths = Array.from({ length: 16 }, (_, at) => `/item/${1_000 + at * 37}`);
  await driveLoad(span, requests, paths, []);
}

/**
 * Mixed traffic: mostly files of many sizes; then chunked gzip, partial and unmodified answers, requests with bodies,
 * 100-continue; at last a lossy link and a mirror that misses body segments.
 */
async function driveMixed(span: Span, site: string, requests: number): Promise<void> {
  const share = (ratio: number) => Math.max(CONNECTIONS * CLIENTS, Math.round(requests * ratio));
  const files = interleave([
    ['/1k.bin', 30],
    ['/4k.bin', 16],
    ['/16k.bin', 10],
    ['/64k.bin', 4],
    ['/256k.bin', 1],
    ['/decoy.txt', 1],
    ['/missing', 1],
  ]);
  await driveLoad(span, share(0.85), files, []);
  await driveLoad(span, share(0.04), ['/words.txt'], ['-H', 'Accept-Encoding: gzip']);
  await driveLoad(span, share(0.04), ['/16k.bin', '/64k.bin'], ['-H', 'Range: bytes=100-4099']);
  await driveLoad(span, share(0.04), files, ['-H', 'If-Modified-Since: Fri, 31 Dec 2100 00:00:00 GMT']);
  await driveLoad(span, share(0.02), ['/accept'], ['-d', join(site, 'decoy.txt')]);
  const url = (path: string) => ['-o', '/dev/null', `http://10.77.0.1${path}`];
  const continued = ['-H', 'Expect: 100-continue', '--data-binary', `@${join(site, '4k.bin')}`];
  for (let round = 0; round < 20; round++) {
    await span.run('client', ['curl', '-s', ...continued, ...url('/item/1'), ...url('/item/2')]);
  }
  const large = Array.from({ length: 10 }, () => url('/1024k.bin')).flat();
  span.limitServer('rate 400mbit burst 30000 limit 60000');
  await span.run('client', ['curl', '-s', ...large]);
  span.limitServer(null);
  span.setMirror('body-gaps');
  await span.run('client', ['curl', '-s', ...large, ...url('/1k.bin')]);
  span.setMirror('both');
}

// Every connection goes through the paths from the first on, so rare ones must not all come last.
function interleave(weights: readonly (readonly [path: string, times: number])[]): string[] {
  return weights
    .flatMap(([path, times], row) =>
      Array.from({ length: times }, (_, at) => ({
        path,
        place: (at + (row + 1) / (weights.length + 1)) / times,
      })),
    )
    .sort((left, right) => left.place - right.place)
    .map(({ path }) => path);
}

// h2load ends with every request answered, so that the log and the capture agree to the last one; wrk does not.
async function driveLoad(
  span: Span,
  requests: number,
  paths: readonly string[],
  options: readonly string[],
): Promise<void> {
  const batch = Math.ceil(requests / CLIENTS);
  for (let client = 1; client <= CLIENTS; client++) {
    span.setClient(client);
    const load = [
      'h2load',
      '--h1',
      '-n',
      String(batch),
      '-c',
      String(Math.min(CONNECTIONS, batch)),
      ...options,
    ];
    await span.run('client', [...load, ...paths.map((path) => `http://10.77.0.1${path}`)]);
  }
}
