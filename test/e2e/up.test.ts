// The whole line, from the command to its summary: synthetic packets in, events out.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShadowCommand } from '../../src/domain/index.js';
import { type ForetapEvent, ForetapEventSchema } from '../../src/event/index.js';
import { createFolder, type Ending, endOf, foretap, linesOf, startForetap } from '../cli/command.js';

/** Three quiet hours at 2/s, then within half an hour up to 8/s; one resource serves 5/s. */
const SPEC = {
  seed: 7,
  start: '2026-03-02T06:00:00Z',
  duration: '4h30m',
  applications: [{ name: 'shop', address: '10.20.0.10', port: 8080, host: 'shop.example' }],
  clients: [
    {
      name: 'web',
      address: '192.0.2.20',
      demand: {
        shape: {
          mean: 2,
          noiseRatio: 0.05,
          flashCrowds: [{ start: '3h', ramp: '30m', hold: '20m', decay: '20m', factor: 4 }],
        },
      },
      keepAlive: { requests: 200, idle: '15s' },
    },
    { name: 'steady', address: '192.0.2.30', demand: { shape: { mean: 0.2 } } },
  ],
};
const CAPACITY_PER_SECOND = 5;
const CLIENT = '192.0.2.20';
const STEADY = '192.0.2.30';

interface SummaryLine {
  type: 'summary';
  client: string;
  score: {
    unservedMinutes: number;
    scaleOuts: number;
    readiness: { readyAtMs: number; neededAtMs: number | null }[];
  };
}

let folder: ReturnType<typeof createFolder>;
let args: string[];
let ending: Ending;
let events: ForetapEvent[];
let summary: SummaryLine[];

beforeAll(async () => {
  folder = createFolder({
    'flash.json': JSON.stringify(SPEC),
    'foretap.yaml': `decision:\n  capacityPerSecond: ${CAPACITY_PER_SECOND}\n`,
  });
  args = ['up', '--replay', `synth:${folder.at('flash.json')}`, '--config', folder.at('foretap.yaml')];
  ending = await foretap([...args, '--store', folder.at('foretap.duckdb'), '--json']);
  const lines = linesOf(ending.stdout).map((line) => JSON.parse(line));
  events = lines.filter((line) => line.type !== 'summary');
  summary = lines.filter((line) => line.type === 'summary');
});
afterAll(() => folder.remove());

function eventsOf(type: string): ForetapEvent[] {
  return events.filter((event) => event.type === `foretap.v1.${type}`);
}

/** The start of the first minute whose demand one resource cannot serve, by `foretap windows`. */
async function firstExcessMs(): Promise<number> {
  const { stdout } = await foretap(['windows', `synth:${folder.at('flash.json')}`, '--step', '1m']);
  const excess = linesOf(stdout)
    .map((line) => JSON.parse(line))
    .find(({ client, requests }) => client === CLIENT && requests > CAPACITY_PER_SECOND * 60);
  return excess.startMs;
}

describe('foretap up --replay', () => {
  it('ends well, with data on stdout and nothing but progress on stderr', () => {
    expect(ending.exitCode).toBe(0);
    for (const line of linesOf(ending.stderr))
      expect(line).toMatch(/^(waiting for packets|2026-03-02T).* packets /);
    expect(events.length).toBeGreaterThan(6);
  });

  it('emits CloudEvents of the published schema, in order of time for each client', () => {
    for (const event of events) expect(ForetapEventSchema.parse(event)).toEqual(event);
    expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
    const commands = events.filter((event) => event.type.includes('.command.')).map((event) => event.time);
    expect(commands).toEqual([...commands].sort());
  });

  it('has a shadow ready before the demand exceeds what there was', async () => {
    const ready = eventsOf('report.ready').filter((event) => event.data.client === CLIENT);
    const excessMs = await firstExcessMs();
    expect(ready.length).toBeGreaterThan(0);
    expect(Date.parse(ready[0]!.time)).toBeLessThan(excessMs);
    expect(Date.parse(eventsOf('report.shifted')[0]!.time)).toBeLessThan(excessMs);
    const { score } = summary.find((line) => line.client === CLIENT)!;
    expect(score.readiness[0]).toMatchObject({ readyAtMs: Date.parse(ready[0]!.time), neededAtMs: excessMs });
    expect(score.unservedMinutes).toBe(0);
  });

  it('leaves a client alone that needs nothing', () => {
    expect(events.filter((event) => event.data.client === STEADY)).toEqual([]);
    expect(summary.find((line) => line.client === STEADY)!.score).toMatchObject({
      scaleOuts: 0,
      readiness: [],
    });
  });

  it('lets every shadow go once the crowd has', () => {
    const idsOf = (type: string) =>
      new Set(eventsOf(type).map((event) => (event.data as ShadowCommand).shadowId));
    expect(idsOf('report.gone')).toEqual(idsOf('command.warm'));
  });

  it('can explain what it did', async () => {
    const { decisionId, shadowId } = eventsOf('command.warm')[0]!.data as ShadowCommand;
    const story = await foretap(['explain', decisionId, '--store', folder.at('foretap.duckdb')]);
    expect(story).toMatchObject({ exitCode: 0, stderr: '' });
    for (const part of [decisionId, CLIENT, shadowId, 'was ready at', '0.9'])
      expect(story.stdout).toContain(part);
    const list = await foretap(['explain', '--store', folder.at('foretap.duckdb')]);
    expect(list.stdout).toContain(decisionId);
    expect(list.stdout).toContain('1 → 2');
  });

  it('says the same for people, and the same every time', async () => {
    const { stdout, exitCode } = await foretap([...args, '--store', ':memory:']);
    expect(exitCode).toBe(0);
    for (const { type, time, data } of events) {
      if (/accepted|health/.test(type)) continue;
      const [, , family, name] = type.split('.');
      expect(stdout).toMatch(
        new RegExp(`^${time.slice(0, 19)}Z +${family}\\.${name} .*${(data as ShadowCommand).shadowId}`, 'm'),
      );
    }
    expect(stdout).toMatch(new RegExp(`^shop\\.example:8080 +${CLIENT} `, 'm'));
    expect(stdout).toMatch(new RegExp(`^shop\\.example:8080 +${STEADY} `, 'm'));
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends gracefully on %s, with the summary of what came so far',
    async (signal) => {
      // A week at the pace of packets would take a week.
      folder.put('long.json', JSON.stringify({ ...SPEC, duration: '7d' }));
      const store = folder.at(`${signal}.duckdb`);
      const long = [
        'up',
        '--replay',
        `synth:${folder.at('long.json')}`,
        '--config',
        folder.at('foretap.yaml'),
      ];
      const child = startForetap([...long, '--store', store, '--json']);
      const over = endOf(child);
      child.stdout!.once('data', () => child.kill(signal));
      const { exitCode, stdout, stderr } = await over;
      expect(exitCode).toBe(0);
      expect(stderr).not.toMatch(/foretap:|\bat /);
      const lines = linesOf(stdout).map((line) => JSON.parse(line));
      expect(
        lines
          .filter((line) => line.type === 'summary')
          .map((line) => line.client)
          .sort(),
      ).toEqual([CLIENT, STEADY]);
      const { decisionId } = lines.find((line) => line.type === 'foretap.v1.command.warm').data;
      expect((await foretap(['explain', decisionId, '--store', store])).stdout).toContain(decisionId);
    },
  );
});
