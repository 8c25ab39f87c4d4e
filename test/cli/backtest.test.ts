import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createBacktestCommand } from '../../src/cli/backtest.js';
import { HOUR_MS, UnreadableInputError } from '../../src/core/index.js';
import { dailyDemand, START_MS } from '../forecast/demand.js';

let folder: string;
let good: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretap-backtest-'));
  good = join(folder, 'good.csv');
  const rows = dailyDemand(24 * 10).map(
    (value, step) => `${new Date(START_MS + step * HOUR_MS).toISOString()},${value}`,
  );
  await writeFile(good, `timestamp,value\n${rows.join('\n')}\n`);
});

afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** Runs the command and returns what it wrote to stdout. */
async function run(...argv: string[]): Promise<string> {
  let output = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    output += String(chunk);
    return true;
  });
  const command = createBacktestCommand().exitOverride();
  command.configureOutput({ writeErr: () => {} });
  await command.parseAsync(argv, { from: 'user' });
  return output;
}

describe('foretap backtest', () => {
  it('prints one JSON object', async () => {
    const { horizon, series } = JSON.parse(await run('--demand', good, good, '--horizon', '2', '--json'));
    expect(horizon).toBe(2);
    expect(series).toHaveLength(2);
    expect(series[0].models.ensemble).toMatchObject({
      mase: expect.any(Number),
      wql: expect.any(Number),
      coverage80: expect.any(Number),
    });
    expect(series[0].models).toEqual(series[1].models);
  });

  it('prints a table for each file and the sum of all', async () => {
    const text = await run('--demand', good);
    expect(text).toContain(good);
    expect(text).toMatch(/ensemble +\d/);
    expect(text).toContain('over 1 series');
  });

  it.each([['0'], ['121'], ['1.5'], ['many']])('refuses a horizon of %s', async (horizon) => {
    await expect(run('--demand', good, '--horizon', horizon)).rejects.toThrow(CommanderError);
  });

  it('says which file, line and cure', async () => {
    const bad = join(folder, 'bad.csv');
    await writeFile(bad, 'timestamp,value\n2026-03-01T00:00:00Z,1\n2026-03-01T00:01:00Z,oops\n');
    await expect(run('--demand', good, bad)).rejects.toThrow(`${bad}:3: "oops" is not a demand`);
    await expect(run('--demand', join(folder, 'absent.csv'))).rejects.toThrow(UnreadableInputError);
  });
});
