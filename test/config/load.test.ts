import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, ConfigSchema, loadConfig, parseConfig } from '../../src/config/index.js';
import { DAY_MS, MINUTE_MS } from '../../src/core/index.js';
import { readWindows } from '../../src/dataplane/index.js';
import { policyFor } from '../../src/decision/index.js';

/** The faults that are reported for a text, without the first line. */
function faultsOf(text: string): string[] {
  try {
    parseConfig(text, 'foretap.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ exitCode: 2, code: 'CONFIG_INVALID', cure: expect.stringMatching(/\w/) });
    const [head, ...faults] = (error as Error).message.split('\n');
    expect(head).toBe(`foretap.yaml has ${faults.length === 1 ? '1 fault' : `${faults.length} faults`}:`);
    return faults.map((fault) => fault.trim());
  }
  return [];
}

describe('a configuration', () => {
  it.each(['', '# nothing yet\n', '---\n', '{}', 'window: {}\n'])('%j means the defaults', (text) => {
    expect(parseConfig(text, 'foretap.yaml')).toEqual(loadConfig(null));
  });

  it('has a slice for every room, and each is valid by its defaults', () => {
    for (const name of Object.keys(ConfigSchema.shape)) expect(faultsOf(`${name}: {}\n`), name).toEqual([]);
  });

  it('cannot be changed any more', () => {
    const config = parseConfig('decision:\n  overrides:\n    - client: a\n      costs: {restart: 1}\n', 'x');
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(config)).toBe(true);
    expect(frozen(loadConfig(null))).toBe(true);
    expect(() => Object.assign(config.window, { stepMs: 1 })).toThrow(TypeError);
  });

  it('turns durations into milliseconds', () => {
    const { store, decision, window } = parseConfig(
      'store: {retention: 7d}\ndecision: {coolDown: 1m30s}\nwindow: {step: 500ms, grace: 100ms}\n',
      'x',
    );
    expect(store.retention).toBe(7 * DAY_MS);
    expect(decision.coolDown).toBe(1.5 * MINUTE_MS);
    expect(window).toMatchObject({ stepMs: 500, graceMs: 100 });
  });

  it('overrides thresholds by application and client, the later one last', () => {
    const { decision } = parseConfig(
      `decision:
  maxResources: 4
  costs: {restart: 7}
  overrides:
    - application: shop
      maxResources: 6
      costs: {unservedPerUnitMinute: 99}
    - application: shop
      client: 10.0.0.7
      maxResources: 9
`,
      'x',
    );
    const policyOf = (application: string, client: string) => policyFor(decision, { application, client });
    expect(policyOf('blog', '10.0.0.7')).toMatchObject({
      maxResources: 4,
      underCostPerUnitMinute: 9,
      restartCost: 7,
    });
    expect(policyOf('shop', '10.0.0.8')).toMatchObject({
      maxResources: 6,
      underCostPerUnitMinute: 99,
      restartCost: 7,
    });
    expect(policyOf('shop', '10.0.0.7')).toMatchObject({
      maxResources: 9,
      underCostPerUnitMinute: 99,
      restartCost: 7,
    });
  });
});

describe('faults', () => {
  it.each<[string, string[]]>([
    ['windwo: {}\n', ['line 1: windwo: unknown key; did you mean "window"?']],
    ['\n\nwindow:\n  topRuotes: 3\n', ['line 4: window.topRuotes: unknown key; did you mean "topRoutes"?']],
    ['window: {topRuotes: 3}\n', ['line 1: window.topRuotes: unknown key; did you mean "topRoutes"?']],
    [
      'shadow:\n  deadlines:\n    wram: 1m\n',
      ['line 3: shadow.deadlines.wram: unknown key; did you mean "warm"?'],
    ],
    [
      'decision:\n  overrides:\n    - client: a\n    - client: b\n      maxResorces: 3\n',
      ['line 5: decision.overrides.1.maxResorces: unknown key; did you mean "maxResources"?'],
    ],
    [
      'identity:\n  clients:\n    - name: office\n      netwroks: [10.0.0.0/8]\n      networks: [10.0.0.0/8]\n',
      ['line 4: identity.clients.0.netwroks: unknown key; did you mean "networks"?'],
    ],
    // Nothing is near enough to be meant.
    ['window:\n  elephants: 3\n', ['line 2: window.elephants: unknown key']],
    ['store:\n  retention: soon\n', ['line 2: store.retention: "soon" is not a duration']],
    ['store:\n  retention: 0s\n', ['line 2: store.retention: "0s" must be longer than nothing']],
    [
      'identity:\n  clients:\n    - name: a\n      networks:\n        - 10.0.0.1\n        - 10.0.0.0/33\n',
      [
        'line 6: identity.clients.0.networks.1: "10.0.0.0/33" is not a network; write an address or a CIDR block: 10.0.0.0/8, 2001:db8::/32',
      ],
    ],
    [
      'decision:\n  minResources: 9\n',
      ['line 1: decision: minResources 9 exceeds maxResources 8 for client * of *'],
    ],
    [
      'decision:\n  overrides:\n    - client: a\n      maxResources: 3\n    - client: b\n      minResources: 30\n',
      ['line 5: decision.overrides.1: minResources 30 exceeds maxResources 8 for client b of *'],
    ],
    [
      'behavior:\n  gridStep: 15s\n',
      ['line 2: behavior.gridStep: must be a multiple of window.step, which is 10s'],
    ],
    ['window:\n  step: 10s\n  step: 20s\n', ['line 3: Map keys must be unique']],
    ['window: *absent\n', ['line 1: *absent names no anchor before it']],
    ['window: {}\n---\nstore: {}\n', ['line 2: a second document begins here; write one']],
    ['window: !duration 3\n', ['line 1: Unresolved tag: !duration']],
  ])('%j', (text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  it.each(['hello\n', '- window\n', '3\n'])('%j is no configuration', (text) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(/^line 1: .*expected object/)]);
  });

  it('are all told at once, in order of lines', () => {
    const faults = faultsOf(
      'store:\n  retention: soon\n  pth: a\nwindwo: {}\nleadTime:\n  quantile: 3\ndecision:\n  tiers: [warmish]\n',
    );
    expect(faults.map((fault) => fault.split(': ').slice(0, 2))).toEqual([
      ['line 2', 'store.retention'],
      ['line 3', 'store.pth'],
      ['line 4', 'windwo'],
      ['line 6', 'leadTime.quantile'],
      ['line 8', 'decision.tiers.0'],
    ]);
  });

  it('accept exactly the networks that the data plane reads', () => {
    const isAccepted = (network: string) =>
      faultsOf(`identity:\n  clients:\n    - name: a\n      networks: ["${network}"]\n`).length === 0;
    const isRead = (network: string) => {
      const identity = { ...loadConfig(null).identity, clients: [{ name: 'a', networks: [network] }] };
      try {
        readWindows({ inputs: [{ kind: 'capture', path: 'unread.pcap' }], identity });
        return true;
      } catch {
        return false;
      }
    };
    const good = ['10.0.0.7', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '::1', '::/0', '::ffff:10.0.0.1'];
    const bad = ['', '10', '10.0.0', '010.0.0.1', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '10.0.0.0/33'];
    const alsoBad = ['::/129', '::/300', 'shop.example', 'fe80::1%lo', ' 10.0.0.1', '10.0.0.1/ 8'];
    for (const network of good) expect([isAccepted(network), isRead(network)], network).toEqual([true, true]);
    for (const network of [...bad, ...alsoBad]) {
      expect([isAccepted(network), isRead(network)], network).toEqual([false, false]);
    }
  });

  it('never break the reader: whatever the text, a configuration or its faults', () => {
    const line = fc.constantFrom(
      'window:',
      '  step: 3',
      '- a',
      '{',
      '&a [*a]',
      '*b',
      '? x',
      'decision: [1, {',
      '  : :',
      '\t',
      '!!map x',
      '"',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(line).map((lines) => lines.join('\n')),
        ),
        (text) => {
          try {
            parseConfig(text, 'any.yaml');
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
