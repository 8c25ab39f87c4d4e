import { describe, expect, it } from 'vitest';
import { NO_METRICS, SILENT_LOGGER } from '../../src/core/index.js';
import type { Outcome, ShadowCommand } from '../../src/domain/index.js';
import {
  commandEvent,
  commandSubject,
  createBus,
  EventConfigSchema,
  ForetapEventSchema,
  REPORT_PATTERN,
} from '../../src/event/index.js';
import { createResourceDriver, ProvisionConfigSchema, Provisioner } from '../../src/provision/index.js';

const START_MS = 1_000_000;
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
  issuedAtMs: START_MS,
  deadlineMs: START_MS + 600_000,
  fencingToken: 3,
  attempt: 1,
};

async function begin({ event = {}, provision = {} } = {}) {
  const context = { logger: SILENT_LOGGER, metrics: NO_METRICS };
  const bus = createBus(EventConfigSchema.parse({ local: event }), context);
  const config = ProvisionConfigSchema.parse({ dryRun: { jitterSigma: 0 }, ...provision });
  const provisioner = new Provisioner({
    ...context,
    bus,
    driver: createResourceDriver(config),
    maxSeenCommands: config.maxSeenCommands,
    source: '/foretap/provision',
  });
  const outcomes: Outcome[] = [];
  await bus.subscribe(REPORT_PATTERN, 'engine', (event) => {
    expect(ForetapEventSchema.parse(event)).toEqual(event);
    outcomes.push(event.data as Outcome);
  });
  await provisioner.start();
  const publishOnly = async (overrides: Partial<ShadowCommand>) => {
    const sent = { ...command, ...overrides };
    await bus.publish(commandSubject(sent), commandEvent(sent, '/foretap/engine'));
    await new Promise((resolve) => setImmediate(resolve));
  };
  const send = async (overrides: Partial<ShadowCommand>) => {
    await publishOnly(overrides);
    await bus.drain();
  };
  const advanceTo = async (nowMs: number) => {
    await provisioner.advanceTo(nowMs);
    await bus.drain();
  };
  const told = () => outcomes.map((outcome) => `${outcome.commandId} ${outcome.kind}`);
  return { bus, provisioner, outcomes, publishOnly, send, advanceTo, told };
}

describe('Provisioner', () => {
  it('carries a command out and reports each step, with the time it took', async () => {
    const { send, advanceTo, told, outcomes } = await begin();
    await send({});
    expect(told()).toEqual(['cmd-1 accepted']);
    await advanceTo(START_MS + 600_000);
    expect(told()).toEqual(['cmd-1 accepted', 'cmd-1 health', 'cmd-1 ready']);
    expect(outcomes[2]).toMatchObject({ atMs: START_MS + 120_000, elapsedMs: 120_000, fencingToken: 3 });
  });

  it('takes a command once, even if the bus has forgotten that it brought it', async () => {
    const { send, advanceTo, told } = await begin({ event: { dedupEvents: 1 } });
    await send({});
    await send({ id: 'cmd-2', shadowId: 'shd-2' });
    await send({});
    await advanceTo(START_MS + 600_000);
    expect(told().filter((line) => line === 'cmd-1 ready')).toHaveLength(1);
    expect(told().filter((line) => line === 'cmd-1 accepted')).toHaveLength(1);
  });

  it('refuses what a newer command has overtaken', async () => {
    const { send, outcomes } = await begin();
    await send({});
    await send({ id: 'cmd-2', verb: 'retire', fencingToken: 2 });
    await send({ id: 'cmd-3', verb: 'retire', fencingToken: 3 });
    expect(outcomes.slice(1)).toMatchObject([
      {
        commandId: 'cmd-2',
        kind: 'failed',
        detail: 'its fencing token 2 is not newer than 3, which was seen',
      },
      { commandId: 'cmd-3', kind: 'failed' },
    ]);
    await send({ id: 'cmd-4', verb: 'retire', fencingToken: 4 });
    expect(outcomes.at(-1)).toMatchObject({ commandId: 'cmd-4', kind: 'accepted' });
  });

  it('refuses what comes after its deadline', async () => {
    const { send, advanceTo, outcomes } = await begin();
    await advanceTo(command.deadlineMs);
    await send({});
    expect(outcomes).toMatchObject([
      { kind: 'failed', detail: 'its deadline, 1970-01-01T00:26:40Z, has passed' },
    ]);
  });

  it('reports what the driver refuses', async () => {
    const { send, outcomes } = await begin({ provision: { dryRun: { maxResources: 1 } } });
    await send({});
    expect(outcomes).toMatchObject([
      { kind: 'failed', detail: 'The dry-run driver keeps 1 resources already' },
    ]);
  });

  it('keeps its reports while the bus is full', async () => {
    const { bus, provisioner, publishOnly, send, advanceTo, told } = await begin({
      event: { maxQueuedEvents: 1 },
    });
    await send({});
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await bus.subscribe(REPORT_PATTERN, 'slow', () => gate);
    // Of the slow reader's three, one is in its hands and one waits; there is no room for the third.
    await provisioner.advanceTo(START_MS + 100_000);
    await publishOnly({ id: 'cmd-2', shadowId: 'shd-2', issuedAtMs: START_MS + 100_000 });
    await provisioner.advanceTo(START_MS + 600_000);
    release();
    await bus.drain();
    expect(told()).toEqual(['cmd-1 accepted', 'cmd-1 health', 'cmd-2 accepted']);
    for (const laterMs of [1, 2, 3]) await advanceTo(START_MS + 600_000 + laterMs);
    expect(told().slice(3)).toEqual(['cmd-1 ready', 'cmd-2 health', 'cmd-2 ready']);
  });

  it('remembers a bounded number of commands: one that is forgotten counts as new', async () => {
    const { send, told } = await begin({ event: { dedupEvents: 1 }, provision: { maxSeenCommands: 2 } });
    for (const index of [1, 2]) await send({ id: `cmd-${index}`, shadowId: `shd-${index}` });
    await send({});
    expect(told()).toEqual(['cmd-1 accepted', 'cmd-2 accepted']);
    await send({ id: 'cmd-3', shadowId: 'shd-3' });
    await send({});
    expect(told().slice(2)).toEqual(['cmd-3 accepted', 'cmd-1 accepted']);
  });

  it('takes nothing more once stopped', async () => {
    const { provisioner, send, told } = await begin();
    await provisioner.stop();
    await send({});
    expect(told()).toEqual([]);
  });
});
