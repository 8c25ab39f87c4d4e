import { describe, expect, it } from 'vitest';
import type { ShadowCommand } from '../../../src/domain/index.js';
import { normalOf, uniformOf } from '../../../src/provision/drivers/dry-run/random.js';
import {
  createResourceDriver,
  ProvisionConfigSchema,
  type ResourceReport,
} from '../../../src/provision/index.js';
import { describeResourceDriver } from '../../conformance/resource-driver.js';

const createDriver = (dryRun: object) => createResourceDriver(ProvisionConfigSchema.parse({ dryRun }));

describeResourceDriver('dry-run', async () => ({
  driver: createDriver({}),
  startMs: 1_000_000,
  longestMs: 600_000,
}));

const command: ShadowCommand = {
  application: 'shop',
  client: '10.0.0.7',
  id: 'cmd-1',
  verb: 'warm',
  shadowId: 'shd-1',
  decisionId: 'dec-1',
  tier: 'hot',
  zone: 'default',
  capacityPerSecond: 100,
  issuedAtMs: 0,
  deadlineMs: 1e9,
  fencingToken: 1,
  attempt: 1,
};

/** 400 resources warmed at once. */
async function warmMany(dryRun: object): Promise<ResourceReport[]> {
  const driver = createDriver(dryRun);
  for (let index = 0; index < 400; index++) {
    await driver.warm({ ...command, id: `cmd-${index}`, shadowId: `shd-${index}` }, 0);
  }
  return (await driver.advanceTo(1e9)).filter((report) => report.kind !== 'health');
}

describe('the dry-run driver', () => {
  it('takes the configured time in the middle, spread as configured', async () => {
    const reports = await warmMany({ onDemand: '2m', jitterSigma: 0.2 });
    const elapsed = reports.map((report) => report.atMs);
    expect(Math.abs(elapsed[200]! / 120_000 - 1)).toBeLessThan(0.05);
    const logs = elapsed.map((elapsedMs) => Math.log(elapsedMs / 120_000));
    const sigma = Math.sqrt(logs.reduce((sum, log) => sum + log * log, 0) / logs.length);
    expect(Math.abs(sigma - 0.2)).toBeLessThan(0.03);
    const exact = await warmMany({ onDemand: '2m', jitterSigma: 0 });
    expect(new Set(exact.map((report) => report.atMs))).toEqual(new Set([120_000]));
  });

  it('gives the same outcomes for the same seed, others for another', async () => {
    const [first, again, other] = [await warmMany({}), await warmMany({}), await warmMany({ seed: 2 })];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('fails as often as configured, with a reason', async () => {
    const reports = await warmMany({ failureRatio: 0.25 });
    const failed = reports.filter((report) => report.kind === 'failed');
    expect(Math.abs(failed.length / reports.length - 0.25)).toBeLessThan(0.07);
    expect(failed.every((report) => report.detail === 'failed as configured')).toBe(true);
  });

  it('wakes faster than it creates, and lets nothing happen before its time', async () => {
    const driver = createDriver({ jitterSigma: 0, onDemand: '2m', suspended: '20s', cool: '30s' });
    await driver.warm(command, 0);
    expect(await driver.advanceTo(119_999)).toMatchObject([{ kind: 'health', atMs: 84_000 }]);
    expect(await driver.advanceTo(120_000)).toMatchObject([{ kind: 'ready', atMs: 120_000 }]);
    await driver.cool({ ...command, id: 'cmd-2', verb: 'cool', tier: 'suspended' }, 200_000);
    await driver.advanceTo(300_000);
    await driver.warm({ ...command, id: 'cmd-3' }, 300_000);
    expect((await driver.advanceTo(320_000)).at(-1)).toMatchObject({ kind: 'ready', atMs: 320_000 });
  });

  it('refuses more than it is configured to keep', async () => {
    const driver = createDriver({ maxResources: 1 });
    await expect(driver.warm(command, 0)).rejects.toThrow('keeps 1 resources already');
  });
});

describe('the seeded draws', () => {
  it('are uniform, and normal', () => {
    const names = Array.from({ length: 4000 }, (_, index) => `cmd-${index}`);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean(names.map((name) => uniformOf(1, name))) - 0.5)).toBeLessThan(0.02);
    const normal = names.map((name) => normalOf(1, name));
    expect(Math.abs(mean(normal))).toBeLessThan(0.06);
    expect(Math.abs(mean(normal.map((value) => value * value)) - 1)).toBeLessThan(0.1);
  });
});
