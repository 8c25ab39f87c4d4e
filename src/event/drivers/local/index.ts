// A bus inside one process: what is published is queued for each durable name and delivered in order, asynchronously. Nothing
// outlives the process; what must be known afterwards is in the store.
import { z } from 'zod';
import type { ForetapEvent } from '../../envelope.js';
import { isSubjectMatch } from '../../subject.js';
import {
  type Bus,
  BusClosedError,
  type BusContext,
  BusFullError,
  type DeadLetter,
  DurableInUseError,
  type EventHandler,
  type Subscription,
} from '../../types.js';

export const LocalBusConfigSchema = z.strictObject({
  /** Events that may wait for one durable name. */
  maxQueuedEvents: z.int().min(1).prefault(4096),
  /** Event ids that are remembered to recognize repeats. */
  dedupEvents: z.int().min(1).prefault(16_384),
  /** Deliveries of one event before it becomes a dead letter. */
  maxDeliveries: z.int().min(1).prefault(5),
  /** Dead letters that are kept; the oldest gives way. */
  maxDeadLetters: z.int().min(1).prefault(256),
});
export type LocalBusConfig = z.infer<typeof LocalBusConfigSchema>;

/** Durable names in one process; a process has a handful. */
export const MAX_DURABLES = 64;

export function createLocalBus(config: LocalBusConfig, context: BusContext): Bus {
  return new LocalBus(config, context);
}

interface Delivery {
  readonly subject: string;
  readonly event: ForetapEvent;
}

/** What waits for one durable name, subscribed or not. */
interface Consumer {
  pattern: string;
  readonly durable: string;
  readonly queue: Delivery[];
  handler: EventHandler | null;
  /** The delivery loop, while it runs. */
  running: Promise<void> | null;
}

class LocalBus implements Bus {
  readonly #consumers = new Map<string, Consumer>();
  /** In order of insertion, so that the first is the oldest. */
  readonly #seenIds = new Set<string>();
  readonly #deadLetters: DeadLetter[] = [];
  #isClosed = false;

  constructor(
    private readonly config: LocalBusConfig,
    private readonly context: BusContext,
  ) {}

  async publish(subject: string, event: ForetapEvent): Promise<'published' | 'duplicate'> {
    const { metrics } = this.context;
    if (this.#isClosed) throw new BusClosedError();
    if (this.#seenIds.has(event.id)) {
      metrics.add('foretap_bus_duplicate_events_total', 1);
      return 'duplicate';
    }
    const matching = [...this.#consumers.values()].filter(({ pattern }) => isSubjectMatch(pattern, subject));
    // All or none: an event that one subscriber has and another lacks could not be published again.
    const full = matching.find(
      ({ queue, handler }) => handler !== null && queue.length >= this.config.maxQueuedEvents,
    );
    if (full !== undefined) {
      metrics.add('foretap_bus_rejected_events_total', 1, { durable: full.durable });
      throw new BusFullError(full.durable, this.config.maxQueuedEvents);
    }
    this.#remember(event.id);
    for (const consumer of matching) this.#enqueue(consumer, { subject, event });
    metrics.add('foretap_bus_published_events_total', 1);
    return 'published';
  }

  async subscribe(pattern: string, durable: string, handler: EventHandler): Promise<Subscription> {
    if (this.#isClosed) throw new BusClosedError();
    let consumer = this.#consumers.get(durable);
    if (consumer?.handler != null) throw new DurableInUseError(durable);
    if (consumer === undefined) {
      if (this.#consumers.size >= MAX_DURABLES) throw new BusFullError(durable, MAX_DURABLES);
      consumer = { pattern, durable, queue: [], handler, running: null };
      this.#consumers.set(durable, consumer);
    }
    consumer.pattern = pattern;
    consumer.handler = handler;
    this.#wake(consumer);
    return { unsubscribe: () => this.#unsubscribe(consumer, handler) };
  }

  async drain(): Promise<void> {
    for (;;) {
      const running = [...this.#consumers.values()].flatMap((consumer) => consumer.running ?? []);
      if (running.length === 0) return;
      await Promise.all(running);
    }
  }

  deadLetters(): readonly DeadLetter[] {
    return this.#deadLetters;
  }

  async close(): Promise<void> {
    await this.drain();
    this.#isClosed = true;
  }

  async #unsubscribe(consumer: Consumer, handler: EventHandler): Promise<void> {
    if (consumer.handler !== handler) return;
    consumer.handler = null;
    await consumer.running;
  }

  #enqueue(consumer: Consumer, delivery: Delivery): void {
    if (consumer.queue.length >= this.config.maxQueuedEvents) {
      // Only a name without a subscriber comes here: nobody would ever make room.
      consumer.queue.shift();
      this.context.metrics.add('foretap_bus_overflowed_events_total', 1, { durable: consumer.durable });
    }
    consumer.queue.push(delivery);
    this.#wake(consumer);
  }

  #wake(consumer: Consumer): void {
    if (consumer.running !== null || consumer.handler === null || consumer.queue.length === 0) return;
    consumer.running = this.#run(consumer).finally(() => {
      consumer.running = null;
      // What came in while the loop was ending.
      this.#wake(consumer);
    });
  }

  async #run(consumer: Consumer): Promise<void> {
    // Never within the publisher's own call.
    await Promise.resolve();
    for (;;) {
      const { handler } = consumer;
      if (handler === null) return;
      const delivery = consumer.queue.shift();
      if (delivery === undefined) return;
      await this.#deliver(consumer, delivery, handler);
    }
  }

  async #deliver(consumer: Consumer, { subject, event }: Delivery, handler: EventHandler): Promise<void> {
    const { logger, metrics } = this.context;
    for (let delivery = 1; ; delivery++) {
      try {
        await handler(event, subject);
        return;
      } catch (cause) {
        const error = cause instanceof Error ? cause.message : String(cause);
        const fields = { subject, eventId: event.id, durable: consumer.durable, delivery, error };
        metrics.add('foretap_bus_failed_deliveries_total', 1, { durable: consumer.durable });
        if (delivery < this.config.maxDeliveries) {
          logger.warn(fields, 'An event could not be handled and is delivered again');
          continue;
        }
        logger.error(fields, 'An event could not be handled and is a dead letter');
        metrics.add('foretap_bus_dead_letters_total', 1, { durable: consumer.durable });
        if (this.#deadLetters.length >= this.config.maxDeadLetters) this.#deadLetters.shift();
        this.#deadLetters.push({ subject, event, durable: consumer.durable, error });
        return;
      }
    }
  }

  #remember(id: string): void {
    this.#seenIds.add(id);
    if (this.#seenIds.size <= this.config.dedupEvents) return;
    for (const oldest of this.#seenIds) {
      this.#seenIds.delete(oldest);
      return;
    }
  }
}
