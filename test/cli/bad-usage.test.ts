// What a user may get wrong on the command line and in the configuration: one clear error, exit code 2, nothing on stdout.
import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SILENT_LOGGER } from '../../src/core/index.js';
import { openStore, StoreConfigSchema } from '../../src/store/index.js';
import { createFolder, expectOneError, fixture, foretap } from './command.js';

const CAPTURE = fixture('methods.pcap');

let folder: ReturnType<typeof createFolder>;
beforeAll(() => {
  folder = createFolder({
    'text.txt': 'no store\n',
    'typo.yaml': 'window:\n  step: 10s\n  topRuotes: 5\n',
    'faults.yaml':
      'decison:\n  coolDown: 5m\nstore:\n  retention: banana\nidentity:\n  clients:\n    - name: office\n      networks: [10.0.0.0/33]\n',
    'broken.yaml': 'window: {step: 10s\nstore: [\n',
    'contradiction.yaml': 'decision:\n  minResources: 9\n  maxResources: 2\n',
    'alias.yaml': 'window: *nothing\n',
    'bad.csv': 'timestamp,value\n2026-03-02T00:00:00Z,5\n2026-03-02T00:01:00Z,oops\n2026-03-02T00:02:00Z,6\n',
    'csv.json': JSON.stringify({
      applications: [{ name: 'shop', address: '10.20.0.10' }],
      clients: [{ name: 'web', address: '192.0.2.20', demand: { csv: 'bad.csv' } }],
    }),
    'key.json': JSON.stringify({
      duration: '1h',
      applications: [{ name: 'shop', address: '10.20.0.10' }],
      clients: [{ name: 'web', address: '192.0.2.20', demand: { shape: { maen: 3 } } }],
    }),
    'broken.json': '{ "clients": [',
  });
  mkdirSync(folder.at('directory'));
});
afterAll(() => folder.remove());

/** `{}` in an argument stands for the folder. */
const run = (...args: string[]) =>
  foretap(
    args.map((arg) => arg.replace('{}', folder.path)),
    { cwd: folder.path },
  );

describe('the command line', () => {
  it.each<[string[], (string | RegExp)[]]>([
    [
      ['exchanges', CAPTURE, '--format', 'xml'],
      ["'xml' is invalid", 'tsv, ndjson', 'foretap exchanges --help'],
    ],
    [['frobnicate'], ["unknown command 'frobnicate'", 'foretap --help']],
    [
      ['exchanges', CAPTURE, '--frobnicate'],
      ["unknown option '--frobnicate'", 'foretap exchanges --help'],
    ],
    [
      ['exchanges', CAPTURE, '--fromat', 'tsv'],
      ["unknown option '--fromat'", 'Did you mean --format?'],
    ],
    [['exchanges'], ["missing required argument 'file'", 'foretap exchanges --help']],
    [['synth'], ["missing required argument 'spec'"]],
    [['backtest'], ["required option '--demand <file...>' not specified"]],
    [['windows', CAPTURE, '--config'], ["option '--config <file>' argument missing"]],
    [
      ['up', CAPTURE],
      ['too many arguments', 'foretap up --help'],
    ],
    [['up'], ['name either a capture or an interface', 'foretap up --replay FILE']],
    [['up', '--replay', CAPTURE, '--interface', 'lo'], ['name either a capture or an interface']],
    [
      ['up', '--replay', CAPTURE, '--speed', 'fast'],
      ['"fast" is not a speed', 'max, 1x'],
    ],
    [
      ['windows', CAPTURE, '--step', 'banana'],
      ['"banana" is not a duration', '30s, 5m'],
    ],
    [
      ['windows', CAPTURE, '--step', '0s'],
      ['a step of 0s cannot be used', 'from 100ms to 1d'],
    ],
    [
      ['windows', CAPTURE, '--step', '2d'],
      ['a step of 2d cannot be used', 'from 100ms to 1d'],
    ],
    [['exchanges', '-', '-'], ['stdin ("-") is named more than once']],
    [
      ['exchanges', 'synth:demo', CAPTURE],
      ['cannot be read together with another input', 'foretap synth SPEC --out'],
    ],
  ])('%j', async (args, parts) => {
    const ending = await run(...args);
    expectOneError(ending, 2, ...parts);
    expect(ending.stdout).toBe('');
  });

  it('shows the commands where none is named', async () => {
    const { exitCode, stdout, stderr } = await run();
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('Exit codes: 0 done');
  });
});

describe('the configuration', () => {
  it.each<[string, (string | RegExp)[]]>([
    [
      'typo.yaml',
      ['typo.yaml has 1 fault', 'line 3: window.topRuotes: unknown key; did you mean "topRoutes"?'],
    ],
    [
      'faults.yaml',
      [
        'faults.yaml has 3 faults',
        'line 1: decison: unknown key; did you mean "decision"?',
        'line 4: store.retention: "banana" is not a duration',
        'line 8: identity.clients.0.networks.0: "10.0.0.0/33" is not a network',
      ],
    ],
    ['broken.yaml', [/broken.yaml has \d faults?/, /line [23]: /, 'Correct the YAML']],
    ['contradiction.yaml', ['line 1: decision: minResources 9 exceeds maxResources 2']],
    ['alias.yaml', ['line 1: *nothing names no anchor before it']],
    ['absent.yaml', ['cannot read {}/absent.yaml', '--config']],
    ['directory', ['cannot read {}/directory']],
  ])('%s', async (name, parts) => {
    const ending = await run('windows', CAPTURE, '--config', `{}/${name}`);
    const inFolder = parts.map((part) => (typeof part === 'string' ? part.replace('{}', folder.path) : part));
    expectOneError(ending, 2, ...inFolder);
    expect(ending.stdout).toBe('');
  });

  it('is asked for by every command that takes one', async () => {
    for (const args of [
      ['up', '--replay', CAPTURE],
      ['replay', CAPTURE],
      ['replay', '--stats', CAPTURE],
      ['explain'],
    ]) {
      expectOneError(await run(...args, '--config', '{}/typo.yaml'), 2, 'line 3: window.topRuotes');
    }
  });
});

describe('the store', () => {
  it.each<[string, (string | RegExp)[]]>([
    ['{}/absent/foretap.duckdb', ['The directory of', 'does not exist', 'Create it']],
    ['{}/directory', ['is a directory']],
    ['{}/text.txt', ['is not a DuckDB file', 'left as it is']],
  ])('%s', async (path, parts) => {
    const ending = await run('up', '--replay', CAPTURE, '--store', path);
    expectOneError(ending, 2, ...parts);
    expect(ending.stdout).toBe('');
  });

  it('is locked by another process', async () => {
    const path = folder.at('locked.duckdb');
    const store = await openStore(StoreConfigSchema.parse({ path }), SILENT_LOGGER);
    try {
      for (const args of [['up', '--replay', CAPTURE], ['explain']]) {
        expectOneError(
          await run(...args, '--store', path),
          1,
          `${path} is open in another process`,
          `process ${process.pid}`,
          'Stop that process',
        );
      }
    } finally {
      await store.close();
    }
  });

  it('does not know the decision that is asked for', async () => {
    const path = folder.at('known.duckdb');
    await (await openStore(StoreConfigSchema.parse({ path }), SILENT_LOGGER)).close();
    const ending = await run('explain', 'dec-0123456789abcdef', '--store', path);
    expectOneError(ending, 2, 'the ledger has no decision dec-0123456789abcdef', 'without an id');
  });

  it('does not exist, and is not made by asking', async () => {
    for (const _ of ['first', 'again']) {
      expectOneError(await run('explain', '--store', '{}/absent.duckdb'), 2, 'there is no store', '--store');
    }
  });
});

describe('synthetic traffic', () => {
  it.each<[string, (string | RegExp)[]]>([
    ['nope', ['"nope" is neither a preset (demo, daily, weekly, flash-crowd)']],
    ['demo?dayz=1', ['dayz: unknown parameter', 'days, clients, seed, start, rate']],
    ['demo?days=banana', ['days', 'banana']],
    ['{}/key.json', ['key.json', 'clients[0].demand.shape.maen']],
    ['{}/broken.json', ['broken.json', /line 1/]],
    ['{}/csv.json', ['bad.csv', /\b3\b/, 'oops']],
  ])('%s', async (spec, parts) => {
    for (const args of [
      ['synth', spec],
      ['exchanges', `synth:${spec}`],
    ]) {
      const ending = await run(...args);
      expectOneError(ending, 2, ...parts);
      expect(ending.stdout).toBe('');
    }
  });

  it('cannot be written where there is no directory', async () => {
    const ending = await run('synth', 'daily?days=0.01', '--out', '{}/absent/a.pcap');
    expectOneError(ending, 2, 'cannot write', 'a.pcap', 'directory that exists');
  });
});
