import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../src/core/index.js';
import { explain } from '../../src/decision/index.js';
import { clientKeyToString, type ShadowCommand } from '../../src/domain/index.js';
import { type ForetapEvent, ForetapEventSchema } from '../../src/event/index.js';
import { createPlatform, KEY, OTHER_KEY, openMemoryStore, rateAt, START_MS, startEngine } from './rig.js';

const MINUTES = 170;

async function run() {
  const store = await openMemoryStore();
  const process = await startEngine(store);
  await process.pass(0, MINUTES);
  await process.stop();
  return { ...process, store };
}

function typesOf(events: readonly ForetapEvent[]): string[] {
  return events.map((event) => event.type.replace('foretap.v1.', ''));
}

describe('a rising and falling demand', () => {
  it('has a shadow ready before it exceeds what there is, and lets it go afterwards', async () => {
    const { events, store, engine } = await run();
    for (const event of events) expect(ForetapEventSchema.parse(event)).toEqual(event);
    expect(events.every((event) => event.data.client === KEY.client)).toBe(true);
    const told = typesOf(events).filter((type) => !/accepted|health/.test(type));
    expect(told.slice(0, 4)).toEqual(['command.warm', 'report.ready', 'command.shift', 'report.shifted']);
    expect(told.at(-1)).toBe('report.gone');
    const ready = events.find((event) => event.type.endsWith('report.ready'))!;
    // 20/s is what one resource bears.
    const exceededMinute = Array.from({ length: MINUTES }, (_, m) => m).find((m) => rateAt(m) > 20)!;
    expect(Date.parse(ready.time)).toBeLessThan(START_MS + exceededMinute * MINUTE_MS);
    const [score, other] = engine.scorecard.scores();
    expect(score).toMatchObject({ ...KEY, steps: MINUTES, unservedMinutes: 0, scaleOuts: 1, scaleIns: 1 });
    expect(score!.readiness).toHaveLength(1);
    expect(score!.readiness[0]!.neededAtMs! - score!.readiness[0]!.readyAtMs).toBeGreaterThan(0);
    expect(other).toMatchObject({ ...OTHER_KEY, scaleOuts: 0, readiness: [] });
    expect(engine.totals()).toMatchObject({ clients: 2, windows: MINUTES * 12, decisions: MINUTES * 2 });
    await store.close();
  });

  it('leaves a ledger that explains it', async () => {
    const { events, store } = await run();
    const command = events.find((event) => event.type.endsWith('command.warm'))!.data as ShadowCommand;
    const decision = (await store.decisionById(command.decisionId))!;
    expect(decision).toMatchObject({
      ...KEY,
      action: 'scale_out',
      currentResources: 1,
    });
    expect(decision.alternatives.filter((alternative) => alternative.isChosen)).toHaveLength(1);
    expect(decision.alternatives.length).toBeGreaterThan(1);
    const forecast = (await store.forecastById(decision.forecastId!))!;
    expect(forecast.madeAtMs).toBe(decision.decidedAtMs);
    const story = explain(
      decision,
      forecast,
      await store.listShadows({ key: KEY }),
      await store.commandsOfDecision(decision.id),
      await store.outcomesOfDecision(decision.id),
    );
    for (const part of [decision.id, KEY.client, decision.reason, '0.9', command.shadowId, 'was ready at']) {
      expect(story).toContain(part);
    }
    expect(await store.listDecisions({})).toHaveLength(MINUTES * 2);
    await store.close();
  });

  it('is the same every time', async () => {
    const [first, second] = [await run(), await run()];
    expect(second.events).toEqual(first.events);
    expect(first.events.length).toBeGreaterThan(8);
    expect(await second.store.listDecisions({})).toEqual(await first.store.listDecisions({}));
    await first.store.close();
    await second.store.close();
  });
});

describe('a restart', () => {
  // Before there is a shadow; while one is on its way; while it serves.
  it.each([50, 82, 110])('at minute %i goes on as if nothing had happened', async (minute) => {
    const uninterrupted = await run();
    const store = await openMemoryStore();
    const platform = createPlatform();
    const before = await startEngine(store, platform);
    await before.pass(0, minute);
    const profile = before.behavior.profile(KEY);
    const decision = before.engine.lastDecision(KEY);
    await before.stop();

    const after = await startEngine(store, platform);
    // A process takes longer than this to start.
    const nowMs = START_MS + minute * MINUTE_MS + 1;
    expect(await after.engine.restore(nowMs)).toBe(minute * 12);
    expect(after.events).toEqual([]);
    expect(after.engine.lastDecision(KEY)).toEqual(decision);
    expect(after.behavior.profile(KEY)).toEqual(profile);
    await after.pass(minute, MINUTES);
    await after.stop();
    const all = [...before.events, ...after.events];
    expect(typesOf(all)).toEqual(typesOf(uninterrupted.events));
    expect(all).toEqual(uninterrupted.events);
    const shadows = await store.listShadows({});
    expect(shadows.map((shadow) => [clientKeyToString(shadow), shadow.state])).toEqual(
      (await uninterrupted.store.listShadows({})).map((shadow) => [clientKeyToString(shadow), shadow.state]),
    );
    await store.close();
    await uninterrupted.store.close();
  });

  it('from an empty store is a start', async () => {
    const store = await openMemoryStore();
    const process = await startEngine(store);
    expect(await process.engine.restore(START_MS)).toBe(0);
    await process.pass(0, 3);
    expect(process.engine.totals()).toMatchObject({ clients: 2, decisions: 6 });
    await process.stop();
    await store.close();
  });
});
