// What every bus driver has to do. Each driver's own test calls this with a factory that gives a fresh, empty bus.
import { afterEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/domain/index.js';
import {
  type Bus,
  BusClosedError,
  DurableInUseError,
  type ForetapEvent,
  REPORT_PATTERN,
  reportEvent,
  reportSubject,
} from '../../src/event/index.js';

export interface BusUnderTest {
  readonly bus: Bus;
  /** As the driver is configured for this test. */
  readonly maxDeliveries: number;
}

export function outcomeWith(overrides: Partial<Outcome> = {}): Outcome {
  return {
    application: 'shop.example.com:443',
    client: '10.0.0.7',
    commandId: 'cmd-1',
    shadowId: 'shd-1',
    kind: 'ready',
    atMs: 1_772_452_800_000,
    fencingToken: 1,
    detail: null,
    elapsedMs: 1000,
    ...overrides,
  };
}

export function describeBus(name: string, createBus: () => Promise<BusUnderTest>): void {
  describe(`bus ${name}`, () => {
    let open: Bus[] = [];
    const create = async (): Promise<BusUnderTest> => {
      const made = await createBus();
      open.push(made.bus);
      return made;
    };
    const publish = (bus: Bus, outcome: Outcome) =>
      bus.publish(reportSubject(outcome), reportEvent(outcome, '/foretap/test'));
    const collect = () => {
      const events: ForetapEvent[] = [];
      return { events, handler: (event: ForetapEvent) => void events.push(event) };
    };
    const idsOf = (events: readonly ForetapEvent[]) =>
      events.map((event) => (event.data as Outcome).commandId);

    afterEach(async () => {
      await Promise.all(open.map((bus) => bus.close()));
      open = [];
    });

    it('delivers every event to every durable name, in order, as it was published', async () => {
      const { bus } = await create();
      const [first, second] = [collect(), collect()];
      await bus.subscribe(REPORT_PATTERN, 'first', first.handler);
      await bus.subscribe(REPORT_PATTERN, 'second', second.handler);
      const ids = Array.from({ length: 100 }, (_, index) => `cmd-${index}`);
      for (const commandId of ids) await publish(bus, outcomeWith({ commandId }));
      await bus.drain();
      expect(idsOf(first.events)).toEqual(ids);
      expect(idsOf(second.events)).toEqual(ids);
      expect(first.events[0]).toEqual(reportEvent(outcomeWith({ commandId: 'cmd-0' }), '/foretap/test'));
    });

    it.each([
      ['foretap.v1.report.>', ['a', 'b', 'c']],
      ['foretap.v1.report.*.10_0_0_7.*', ['a', 'c']],
      ['foretap.v1.report.shop_example_com:443.*.failed', ['c']],
      ['foretap.v1.report.*', []],
      ['foretap.v1.command.>', []],
    ])('matches %s', async (pattern, expected) => {
      const { bus } = await create();
      const { events, handler } = collect();
      await bus.subscribe(pattern, 'reader', handler);
      await publish(bus, outcomeWith({ commandId: 'a' }));
      await publish(bus, outcomeWith({ commandId: 'b', client: '10.0.0.8' }));
      await publish(bus, outcomeWith({ commandId: 'c', kind: 'failed' }));
      await bus.drain();
      expect(idsOf(events)).toEqual(expected);
    });

    it('delivers an event that is published twice once', async () => {
      const { bus } = await create();
      const { events, handler } = collect();
      await bus.subscribe(REPORT_PATTERN, 'reader', handler);
      expect(await publish(bus, outcomeWith())).toBe('published');
      expect(await publish(bus, outcomeWith())).toBe('duplicate');
      await bus.drain();
      expect(events).toHaveLength(1);
    });

    it('delivers again what a handler could not handle, before what comes after it', async () => {
      const { bus } = await create();
      const handled: string[] = [];
      let failures = 1;
      await bus.subscribe(REPORT_PATTERN, 'reader', (event) => {
        if (failures-- > 0) throw new Error('not now');
        handled.push(...idsOf([event]));
      });
      await publish(bus, outcomeWith({ commandId: 'a' }));
      await publish(bus, outcomeWith({ commandId: 'b' }));
      await bus.drain();
      expect(handled).toEqual(['a', 'b']);
      expect(bus.deadLetters()).toEqual([]);
    });

    it('gives up after the allowed deliveries, keeps the dead letter, and goes on', async () => {
      const { bus, maxDeliveries } = await create();
      const handled: string[] = [];
      let tries = 0;
      await bus.subscribe(REPORT_PATTERN, 'reader', async (event) => {
        const [id] = idsOf([event]);
        if (id === 'bad') {
          tries++;
          throw new Error('never');
        }
        handled.push(id!);
      });
      await publish(bus, outcomeWith({ commandId: 'bad' }));
      await publish(bus, outcomeWith({ commandId: 'good' }));
      await bus.drain();
      expect([tries, handled]).toEqual([maxDeliveries, ['good']]);
      expect(bus.deadLetters()).toMatchObject([
        { durable: 'reader', error: 'never', event: { data: { commandId: 'bad' } } },
      ]);
    });

    it('handles one event at a time', async () => {
      const { bus } = await create();
      let running = 0;
      let most = 0;
      await bus.subscribe(REPORT_PATTERN, 'reader', async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      });
      for (let index = 0; index < 10; index++) await publish(bus, outcomeWith({ commandId: `${index}` }));
      await bus.drain();
      expect([running, most]).toEqual([0, 1]);
    });

    it('drains what handlers publish, too', async () => {
      const { bus } = await create();
      const { events, handler } = collect();
      await bus.subscribe('foretap.v1.report.*.*.failed', 'reader', handler);
      await bus.subscribe('foretap.v1.report.*.*.ready', 'answerer', async () => {
        await publish(bus, outcomeWith({ kind: 'failed' }));
      });
      await publish(bus, outcomeWith());
      await bus.drain();
      expect(events).toHaveLength(1);
    });

    it('keeps for a durable name what was published while it was away', async () => {
      const { bus } = await create();
      const { events, handler } = collect();
      const subscription = await bus.subscribe(REPORT_PATTERN, 'reader', handler);
      await publish(bus, outcomeWith({ commandId: 'a' }));
      await bus.drain();
      await subscription.unsubscribe();
      await publish(bus, outcomeWith({ commandId: 'b' }));
      await bus.drain();
      expect(idsOf(events)).toEqual(['a']);
      await bus.subscribe(REPORT_PATTERN, 'reader', handler);
      await bus.drain();
      expect(idsOf(events)).toEqual(['a', 'b']);
    });

    it('refuses a second subscriber under one durable name, and all use once closed', async () => {
      const { bus } = await create();
      const { handler } = collect();
      await bus.subscribe(REPORT_PATTERN, 'reader', handler);
      await expect(bus.subscribe(REPORT_PATTERN, 'reader', handler)).rejects.toThrow(DurableInUseError);
      await bus.close();
      await expect(publish(bus, outcomeWith())).rejects.toThrow(BusClosedError);
      await expect(bus.subscribe(REPORT_PATTERN, 'other', handler)).rejects.toThrow(BusClosedError);
    });
  });
}
