import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  DataplaneError,
  faultToError,
  IdentityConfig,
  type ReadWindowsOptions,
  readWindows,
  type WindowBatch,
  WindowConfig,
} from '../../src/dataplane/index.js';
import { ClientWindow, ClosedStep } from '../../src/domain/index.js';
import { createFolder, exchange, get, toPcap } from './capture.js';

const START_MS = Date.UTC(2026, 2, 2, 12);
const busy = toPcap([
  ...exchange(START_MS + 1_000, '10.0.0.7', 40_001, get('/users/17/orders?token=secret')),
  ...exchange(START_MS + 2_000, '10.0.0.7', 40_002, get('/users/18/orders')),
  ...exchange(
    START_MS + 3_000,
    '10.0.0.8',
    40_003,
    get('/cart'),
    'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n',
  ),
  ...exchange(START_MS + 31_000, '10.0.0.7', 40_004, get('/', 'admin.example')),
]);
const other = toPcap(exchange(START_MS + 4_000, '10.9.0.1', 40_005, get('/other')));

let folder: ReturnType<typeof createFolder>;
beforeAll(() => {
  folder = createFolder({
    'busy.pcap': busy,
    'cut.pcap': busy.subarray(0, busy.length - 5),
    'other.pcap': other,
    'text.pcap': Buffer.from('this is not a capture'),
    'empty.pcap': Buffer.alloc(0),
  });
});
afterAll(() => folder.remove());

function open(names: string[], options: Partial<ReadWindowsOptions> = {}) {
  return readWindows({
    inputs: names.map((name) => ({ kind: 'capture' as const, path: folder.path(name) })),
    ...options,
  });
}

async function readAll(stream: AsyncIterable<WindowBatch>) {
  const batches: WindowBatch[] = [];
  for await (const batch of stream) batches.push(batch);
  return {
    windows: batches.flatMap((batch) => batch.windows),
    closedSteps: batches.flatMap((batch) => batch.closedSteps),
    faults: batches.flatMap((batch) => batch.faults),
    progress: batches.at(-1)!.progress,
    batches,
  };
}

describe('readWindows', () => {
  it('discovers applications and clients, and speaks the language of the domain', async () => {
    const { windows, closedSteps } = await readAll(open(['busy.pcap']));
    expect(windows.map((window) => ClientWindow.strict().parse(window))).toEqual(windows);
    expect(closedSteps.map((step) => ClosedStep.strict().parse(step))).toEqual(closedSteps);
    expect(
      windows.map(({ application, client, startMs, requests }) => [
        application,
        client,
        startMs - START_MS,
        requests,
      ]),
    ).toEqual([
      ['shop.example:80', '10.0.0.7', 0, 2],
      ['shop.example:80', '10.0.0.8', 0, 1],
      ['admin.example:80', '10.0.0.7', 30_000, 1],
    ]);
    const [first, second] = windows;
    expect(first).toMatchObject({
      stepMs: 10_000,
      routes: [{ route: 'GET /users/{id}/orders', requests: 2, clientErrors: 0, serverErrors: 0 }],
      transitions: [{ from: 'GET /users/{id}/orders', to: 'GET /users/{id}/orders', count: 1 }],
      newConnections: 2,
    });
    expect(second?.statuses.serverError).toBe(1);
    expect(second?.routes[0]).toMatchObject({ route: 'GET /cart', serverErrors: 1 });
  });

  it('tells captured silence from what was not captured', async () => {
    const { closedSteps } = await readAll(open(['busy.pcap']));
    expect(closedSteps.map((step) => [step.startMs - START_MS, step.coverageRatio])).toEqual([
      [0, 0.9],
      [10_000, 1],
      [20_000, 1],
      [30_000, 0.102],
    ]);
  });

  it('lets neither query strings nor other payload through', async () => {
    const { batches } = await readAll(open(['busy.pcap']));
    expect(JSON.stringify(batches)).not.toContain('secret');
  });

  it('names applications and clients by rule', async () => {
    const identity = IdentityConfig.parse({
      applications: [{ name: 'shop', hosts: ['*.example'], ports: [80] }],
      clients: [{ name: 'office', networks: ['10.0.0.0/24'] }],
    });
    const { windows } = await readAll(open(['busy.pcap', 'other.pcap'], { identity }));
    expect(windows.map(({ application, client, requests }) => [application, client, requests])).toEqual([
      ['shop', 'office', 3],
      ['shop', '10.9.0.1', 1],
      ['shop', 'office', 1],
    ]);
  });

  it('cuts windows as told, and gives the same in batches of any size', async () => {
    const window = { ...WindowConfig.parse({ step: '1s' }), graceMs: 0 };
    const whole = await readAll(open(['busy.pcap'], { window }));
    const single = await readAll(open(['busy.pcap'], { window, maxFramesPerBatch: 1 }));
    const paced = await readAll(open(['busy.pcap'], { window, maxSpanMs: 500 }));
    expect(whole.windows.map((each) => each.startMs - START_MS)).toEqual([1_000, 2_000, 3_000, 31_000]);
    expect(single.windows).toEqual(whole.windows);
    expect(single.closedSteps).toEqual(whole.closedSteps);
    expect(paced.windows).toEqual(whole.windows);
    expect(single.batches.length).toBeGreaterThan(8);
    expect(paced.batches.length).toBeGreaterThanOrEqual(4);
  });

  it('accounts for every frame', async () => {
    const stream = open(['busy.pcap']);
    const { progress } = await readAll(stream);
    const account = stream.account();
    expect(progress).toEqual({
      frames: 8,
      wireBytes: account.reduce((sum, { bytes }) => sum + bytes, 0),
      requests: 4,
      inputBytesRead: busy.length,
      inputBytesTotal: busy.length,
      packetTimeMs: START_MS + 31_020,
      endTimeMs: null,
    });
    expect(account.reduce((sum, { frames }) => sum + frames, 0)).toBe(8);
    const counters = new Map(stream.counters().map(({ name, value }) => [name, value]));
    expect(counters.get('requests')).toBe(4);
    expect(counters.get('answered')).toBe(4);
    expect(counters.get('windows_closed')).toBe(3);
  });

  it('loses nothing to a faulty input: neither what came before nor the other inputs', async () => {
    const { windows, faults } = await readAll(
      open(['cut.pcap', 'absent.pcap', 'text.pcap', 'empty.pcap', 'other.pcap']),
    );
    expect(windows.reduce((sum, window) => sum + window.requests, 0)).toBe(5);
    expect(faults.map((fault) => [fault.code, fault.message.match(/\w+\.pcap/)?.[0]]).sort()).toEqual(
      ['absent.pcap', 'cut.pcap', 'empty.pcap', 'text.pcap'].map((name) => ['unreadable', name]),
    );
    expect(faultToError(faults[0]!)).toMatchObject({ code: 'DATAPLANE_UNREADABLE', exitCode: 3 });
  });

  it('refuses wrong usage at once', () => {
    const refusal = (call: () => unknown) => {
      try {
        call();
      } catch (error) {
        return error;
      }
      return undefined;
    };
    const clients = [{ name: 'office', networks: ['10.0.0.0/33'] }];
    const unknown = [{ kind: 'interface' as const, name: 'no-such-if0' }];
    for (const [error, message] of [
      [refusal(() => readWindows({ inputs: unknown })), /no-such-if0/],
      [refusal(() => open([])), /no input/],
      [
        refusal(() => open(['busy.pcap'], { identity: { ...IdentityConfig.parse({}), clients } })),
        /10\.0\.0\.0\/33/,
      ],
    ] as const) {
      expect(error).toBeInstanceOf(DataplaneError);
      expect(error).toMatchObject({
        code: 'DATAPLANE_USAGE',
        exitCode: 2,
        message: expect.stringMatching(message),
      });
    }
  });

  it('does not take the time between two captures for silence', async () => {
    const late = toPcap(exchange(START_MS + 95_000, '10.0.0.7', 40_009, get('/late')));
    const more = createFolder({ 'late.pcap': late });
    const inputs = [folder.path('other.pcap'), more.path('late.pcap')].map((path) => ({
      kind: 'capture' as const,
      path,
    }));
    const { closedSteps, windows } = await readAll(readWindows({ inputs }));
    more.remove();
    expect(closedSteps.map((step) => step.startMs - START_MS)).toEqual([0, 90_000]);
    expect(windows).toHaveLength(2);
  });

  it('stops when told: by its signal, or when nobody reads on', async () => {
    const controller = new AbortController();
    const read: number[] = [];
    const aborted = (async () => {
      for await (const batch of open(['busy.pcap'], { maxFramesPerBatch: 1, signal: controller.signal })) {
        read.push(batch.progress.frames);
        controller.abort();
      }
    })();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    expect(read).toEqual([1]);
    for await (const batch of open(['busy.pcap'], { maxFramesPerBatch: 1 })) {
      expect(batch.progress.frames).toBe(1);
      break;
    }
  });
});
