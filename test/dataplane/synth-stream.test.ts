import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataplaneError, type Progress, readWindows, synthesize } from '../../src/dataplane/index.js';
import { createFolder } from './capture.js';

const SPEC = 'daily?days=0.05&clients=2&seed=3';

interface Truth {
  clients: { clientAddress: string; requests: number }[];
}

async function synthesizeAll(spec: string) {
  const chunks: Buffer[] = [];
  const progress: Progress[] = [];
  let truth: Truth | undefined;
  for await (const chunk of synthesize({
    spec,
    onProgress: (each) => progress.push(each),
    onTruth: (each) => {
      truth = each as Truth;
    },
  })) {
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), progress: progress.at(-1)!, truth: truth! };
}

async function requestsByClient(inputs: Parameters<typeof readWindows>[0]['inputs']) {
  const requests: Record<string, number> = {};
  for await (const { windows, faults } of readWindows({ inputs })) {
    expect(faults).toEqual([]);
    for (const { client, requests: count } of windows) requests[client] = (requests[client] ?? 0) + count;
  }
  return requests;
}

let folder: ReturnType<typeof createFolder>;
let synthetic: Awaited<ReturnType<typeof synthesizeAll>>;
beforeAll(async () => {
  synthetic = await synthesizeAll(SPEC);
  folder = createFolder({ 'synthetic.pcap': synthetic.bytes });
});
afterAll(() => folder.remove());

describe('synthesize', () => {
  it('makes a capture whose windows are the truth, through a file or directly', async () => {
    const { truth, progress } = synthetic;
    const expected = Object.fromEntries(
      truth.clients.map(({ clientAddress, requests }) => [clientAddress, requests]),
    );
    expect(Object.keys(expected)).toHaveLength(2);
    expect(progress.requests).toBeGreaterThan(100);
    expect(await requestsByClient([{ kind: 'capture', path: folder.path('synthetic.pcap') }])).toEqual(
      expected,
    );
    expect(await requestsByClient([{ kind: 'synth', spec: SPEC }])).toEqual(expected);
  });

  it('repeats itself byte for byte, and differs by seed', async () => {
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    const again = await synthesizeAll(SPEC);
    const other = await synthesizeAll(SPEC.replace('seed=3', 'seed=4'));
    expect(digest(again.bytes)).toBe(digest(synthetic.bytes));
    expect(digest(other.bytes)).not.toBe(digest(synthetic.bytes));
  });

  it('refuses a spec that cannot be used, and synthetic demand beside other inputs', () => {
    expect(() => synthesize({ spec: 'no-such-preset' })).toThrow(DataplaneError);
    const inputs = [{ kind: 'synth', spec: SPEC } as const, { kind: 'synth', spec: SPEC } as const];
    expect(() => readWindows({ inputs })).toThrow(/different kinds/);
  });
});
