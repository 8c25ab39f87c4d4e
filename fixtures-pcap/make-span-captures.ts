// Makes every capture of this folder anew: `npx tsx fixtures-pcap/make-span-captures.ts [NAME…]` (as root). Each is
// recorded on a real mirror port between namespaces; its `NAME.requests.tsv` is what the servers logged.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { formatOracleRow, ORACLE_COLUMNS, type OracleRow, parseTable } from '../test/corpus/oracle.js';
import { ensureTools, explainMissingSpan, type Nginx, Span, startNginx } from '../test/services/index.js';
import { insertVlanTags } from './derive-vlan.js';
import { NODE_PORT, SCENARIOS, type Scenario } from './scenario.js';

const FOLDER = new URL('.', import.meta.url).pathname;
const MAX_CAPTURE_BYTES = 200_000;
const MEDIUM_BODY_BYTES = 30_000;
const LARGE_BODY_BYTES = 120_000;

interface Servers {
  readonly nginx: Nginx;
  readonly nodeLog: string;
}

/** A capture as the manifest and the README list it. */
interface Fixture {
  readonly file: string;
  readonly category: string;
  readonly grade: string;
  readonly why: string;
  readonly how: string;
}

async function startServers(span: Span, directory: string): Promise<Servers> {
  writeSite(directory);
  const nginx = await startNginx(span, {
    directory,
    locations: `
    location = / { return 200 "welcome\\n"; }
    location = /empty { return 204; }
    location /slowly/ { alias ${directory}/page/; limit_rate 4k; }
    location /page/ { gzip on; gzip_types text/plain; gzip_min_length 8000; }`,
  });
  const nodeLog = join(directory, 'node.log');
  writeFileSync(nodeLog, '');
  const script = join(FOLDER, 'node-server.ts');
  span.start('server', [process.execPath, '--import', 'tsx', script, String(NODE_PORT), nodeLog]);
  const probe = [
    'curl',
    '-s',
    '-o',
    '/dev/null',
    '--retry',
    '50',
    '--retry-delay',
    '1',
    '--retry-connrefused',
  ];
  await span.run('server', [...probe, `http://127.0.0.1:${NODE_PORT}/ready`]);
  return { nginx, nodeLog };
}

function writeSite(directory: string): void {
  const page = join(directory, 'page');
  mkdirSync(page, { recursive: true });
  writeFileSync(join(page, 'a.txt'), 'a short page\n');
  writeFileSync(join(page, 'b.txt'), 'a page of some length\n'.repeat(300));
  writeFileSync(join(page, 'words.txt'), Array.from({ length: 2_000 }, (_, at) => `word-${at}`).join('\n'));
  writeFileSync(join(page, 'medium.bin'), Buffer.alloc(MEDIUM_BODY_BYTES, 'medium'));
  writeFileSync(join(page, 'large.bin'), Buffer.alloc(LARGE_BODY_BYTES, 'large'));
}

async function record(span: Span, servers: Servers, scenario: Scenario): Promise<Fixture> {
  const path = join(FOLDER, `${scenario.name}.pcap`);
  try {
    const makeTraffic = await scenario.prepare(span);
    const offsets = [servers.nginx.logOffset(), statSync(servers.nodeLog).size] as const;
    const capture = await span.capture(path);
    await makeTraffic();
    await sleep(300);
    const count = await capture.stop();
    if (count.dropped > 0) throw new Error(`${scenario.name}: the kernel dropped ${count.dropped} frames`);
    if (statSync(path).size > MAX_CAPTURE_BYTES)
      throw new Error(`${scenario.name}: larger than a fixture may be`);
    const nodeRows = parseTable(
      `${ORACLE_COLUMNS.join('\t')}\n${readFileSync(servers.nodeLog, 'latin1').slice(offsets[1])}`,
    );
    // What the proxy fetched for its clients came over loopback, which the mirror does not show.
    const isMirrored = (row: Partial<OracleRow>) => row.client_ip !== '127.0.0.1';
    const rows = [...servers.nginx.readLog(offsets[0]), ...nodeRows].filter(isMirrored);
    rows.sort((left, right) => Number(left.time_request_s) - Number(right.time_request_s));
    writeOracle(scenario.name, rows);
    process.stdout.write(`${scenario.name}: ${count.captured} frames, ${rows.length} requests\n`);
  } finally {
    scenario.restore?.(span);
  }
  return { ...scenario, file: `${scenario.name}.pcap`, grade: scenario.grade ?? 'exact' };
}

function writeOracle(name: string, rows: readonly Partial<OracleRow>[]): void {
  // The logs know when a request came in, not when its packets crossed the mirror: no packet times, no frames.
  const lines = rows.map((row) => formatOracleRow({ ...row, time_request_s: '', latency_s: '' }));
  writeFileSync(
    join(FOLDER, `${name}.requests.tsv`),
    `${[ORACLE_COLUMNS.join('\t'), ...lines].join('\n')}\n`,
  );
}

/** Captures in forms that this rig does not give, made from those it gave. */
function derive(): Fixture[] {
  const source = readFileSync(join(FOLDER, 'keep-alive-gets.pcap'));
  const forms = [
    {
      file: 'derived-vlan.pcap',
      bytes: insertVlanTags(source, [42]),
      category: 'vlan',
      why: 'a tagged mirror port: 802.1Q on every frame',
      how: 'keep-alive-gets.pcap with a tag put into each frame (derive-vlan.ts)',
    },
    {
      file: 'derived-qinq.pcap',
      bytes: insertVlanTags(source, [100, 42]),
      category: 'qinq',
      why: 'a provider tag outside the customer tag',
      how: 'keep-alive-gets.pcap with two tags put into each frame (derive-vlan.ts)',
    },
    {
      file: 'derived-gzip.pcap.gz',
      bytes: gzipSync(source),
      category: 'http1-keepalive',
      why: 'a compressed capture',
      how: 'keep-alive-gets.pcap, gzip',
    },
  ];
  return forms.map(({ file, bytes, ...rest }) => {
    writeFileSync(join(FOLDER, file), bytes);
    const name = file.slice(0, file.indexOf('.'));
    writeFileSync(
      join(FOLDER, `${name}.requests.tsv`),
      readFileSync(join(FOLDER, 'keep-alive-gets.requests.tsv')),
    );
    return { file, grade: 'exact', ...rest };
  });
}

function writeManifest(fixtures: readonly Fixture[]): void {
  const lines = fixtures.map(({ file, category, grade, why, how }) => {
    const bytes = readFileSync(join(FOLDER, file));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return [file, sha256, bytes.length, why, category, grade, how].join('\t');
  });
  const header = ['file', 'sha256', 'bytes', 'exercises', 'category', 'oracle_grade', 'notes'].join('\t');
  writeFileSync(join(FOLDER, 'MANIFEST.tsv'), `${[header, ...lines].join('\n')}\n`);
}

function writeReadme(fixtures: readonly Fixture[]): void {
  const table = fixtures.map(({ file, why, how }) => `| \`${file}\` | ${why} | ${how} |`);
  writeFileSync(
    join(FOLDER, 'README.md'),
    `# Small captures of real clients and servers

Each was taken on a real mirror port: client, server and tap in three network namespaces, joined by veth pairs with
offloads off, the server's frames mirrored to the tap by \`tc mirred\`. \`NAME.requests.tsv\` is the servers' access
logs in the columns that \`npm run corpus\` reads; it states no packet times, since a server does not know them.

\`npx tsx fixtures-pcap/make-span-captures.ts [NAME…]\` (as root) makes them anew, and this page and the manifest;
\`npm run corpus -- fixtures-pcap\` compares them. \`scenario.ts\` says what happens in each
capture, \`node-server.ts\` and \`raw-client.ts\` are the ends that nginx and curl do not cover.

| capture | why it exists | how it was made |
|---|---|---|
${table.join('\n')}
`,
  );
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  ensureTools(['curl', 'nginx', 'wrk']);
  const obstacle = explainMissingSpan();
  if (obstacle !== null) throw new Error(obstacle);
  const directory = mkdtempSync(join(tmpdir(), 'foretap-fixtures-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const span = Span.create();
  try {
    const servers = await startServers(span, directory);
    const fixtures: Fixture[] = [];
    for (const scenario of SCENARIOS) {
      const isWanted = wanted.length === 0 || wanted.includes(scenario.name);
      fixtures.push(
        isWanted
          ? await record(span, servers, scenario)
          : { ...scenario, file: `${scenario.name}.pcap`, grade: scenario.grade ?? 'exact' },
      );
    }
    const all = [...fixtures, ...derive()];
    writeManifest(all);
    writeReadme(all);
  } finally {
    span.remove();
  }
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`make-span-captures: ${error.stack}\n`);
    process.exit(1);
  },
);
