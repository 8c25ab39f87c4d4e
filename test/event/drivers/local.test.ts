import { describe, expect, it } from 'vitest';
import { type Metrics, NO_METRICS, SILENT_LOGGER } from '../../../src/core/index.js';
import {
  BusFullError,
  createBus,
  EventConfigSchema,
  REPORT_PATTERN,
  reportEvent,
  reportSubject,
} from '../../../src/event/index.js';
import { describeBus, outcomeWith } from '../../conformance/bus.js';

function createLocal(local: object, metrics: Metrics = NO_METRICS) {
  return createBus(EventConfigSchema.parse({ local }), { logger: SILENT_LOGGER, metrics });
}

describeBus('local', async () => ({ bus: createLocal({ maxDeliveries: 3 }), maxDeliveries: 3 }));

describe('the local bus', () => {
  const outcomes = Array.from({ length: 5 }, (_, index) => outcomeWith({ commandId: `cmd-${index}` }));
  const publish = (bus: ReturnType<typeof createLocal>, index: number) =>
    bus.publish(reportSubject(outcomes[index]!), reportEvent(outcomes[index]!, '/foretap/test'));

  function counting(): { counts: Record<string, number>; metrics: Metrics } {
    const counts: Record<string, number> = {};
    const add = (counter: string, amount: number) => {
      counts[counter] = (counts[counter] ?? 0) + amount;
    };
    return { counts, metrics: { add, set() {} } };
  }

  it('tells the publisher when a subscriber is too slow, and takes the event once there is room', async () => {
    const { counts, metrics } = counting();
    const bus = createLocal({ maxQueuedEvents: 2 }, metrics);
    const handled: string[] = [];
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await bus.subscribe(REPORT_PATTERN, 'slow', async (event) => {
      await gate;
      handled.push(event.id);
    });
    await publish(bus, 0);
    await new Promise((resolve) => setImmediate(resolve));
    await publish(bus, 1);
    await publish(bus, 2);
    await expect(publish(bus, 3)).rejects.toThrow(BusFullError);
    expect(counts.foretap_bus_rejected_events_total).toBe(1);
    release();
    await bus.drain();
    expect(await publish(bus, 3)).toBe('published');
    await bus.drain();
    expect(handled).toHaveLength(4);
  });

  it('lets the oldest go, and counts it, where nobody is there to make room', async () => {
    const { counts, metrics } = counting();
    const bus = createLocal({ maxQueuedEvents: 2 }, metrics);
    await (await bus.subscribe(REPORT_PATTERN, 'away', () => {})).unsubscribe();
    for (let index = 0; index < 5; index++) await publish(bus, index);
    const ids: string[] = [];
    await bus.subscribe(REPORT_PATTERN, 'away', (event) => void ids.push(event.id));
    await bus.drain();
    expect(ids).toEqual([3, 4].map((index) => reportEvent(outcomes[index]!, '').id));
    expect(counts.foretap_bus_overflowed_events_total).toBe(3);
  });

  it('remembers ids within its window only', async () => {
    const bus = createLocal({ dedupEvents: 2 });
    for (const index of [0, 1, 2]) await publish(bus, index);
    expect(await publish(bus, 2)).toBe('duplicate');
    expect(await publish(bus, 0)).toBe('published');
  });

  it('keeps the latest dead letters only', async () => {
    const bus = createLocal({ maxDeliveries: 1, maxDeadLetters: 2 });
    await bus.subscribe(REPORT_PATTERN, 'broken', () => {
      throw new Error('never');
    });
    for (let index = 0; index < 5; index++) await publish(bus, index);
    await bus.drain();
    expect(bus.deadLetters().map((letter) => letter.event.id)).toEqual(
      [3, 4].map((index) => reportEvent(outcomes[index]!, '').id),
    );
  });
});
