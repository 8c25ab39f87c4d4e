import { EXIT_CODE, ForetapError, type Logger, type Metrics } from '../core/index.js';
import type { ForetapEvent } from './envelope.js';

/** Handles one event; an event whose handler throws is delivered again, a limited number of times. */
export type EventHandler = (event: ForetapEvent, subject: string) => void | Promise<void>;

export interface Subscription {
  /** No further deliveries after the present one. The durable name keeps what it has not handled. */
  unsubscribe(): Promise<void>;
}

/** An event that was delivered in vain as often as allowed. */
export interface DeadLetter {
  readonly subject: string;
  readonly event: ForetapEvent;
  readonly durable: string;
  readonly error: string;
}

/**
 * At-least-once delivery by subject. Each durable name gets every event that matches its pattern, in the order of publication, one
 * at a time; a name that comes back gets what it missed. Events are deduplicated by their id within a window. A driver that
 * crosses processes parses what it receives with `ForetapEventSchema`, so that handlers may trust what they get.
 */
export interface Bus {
  /** Resolves once the bus is in charge of the event. Rejects with {@link BusFullError} or {@link BusClosedError}. */
  publish(subject: string, event: ForetapEvent): Promise<'published' | 'duplicate'>;
  /** `*` in the pattern stands for one token, a final `>` for one or more. One subscription at a time for a durable name. */
  subscribe(pattern: string, durable: string, handler: EventHandler): Promise<Subscription>;
  /** Resolves when everything published so far, and what its handlers published, has been handled by the present subscribers. */
  drain(): Promise<void>;
  /** The latest dead letters, oldest first. */
  deadLetters(): readonly DeadLetter[];
  /** Drains, then refuses all further use. */
  close(): Promise<void>;
}

/** What every driver gets. */
export interface BusContext {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A subscriber is too slow: back off, then publish again. */
export class BusFullError extends ForetapError {
  readonly code = 'BUS_FULL';
  readonly exitCode = EXIT_CODE.failed;

  constructor(durable: string, capacity: number) {
    super(
      `The bus is full: subscriber "${durable}" has ${capacity} events waiting`,
      'Publish again once it has caught up, or raise event.local.maxQueuedEvents.',
    );
  }
}

/** The bus was closed. */
export class BusClosedError extends ForetapError {
  readonly code = 'BUS_CLOSED';
  readonly exitCode = EXIT_CODE.failed;

  constructor() {
    super('The bus is closed', 'Stop publishers before closing the bus.');
  }
}

/** Two live subscriptions under one durable name. */
export class DurableInUseError extends ForetapError {
  readonly code = 'BUS_DURABLE_IN_USE';
  readonly exitCode = EXIT_CODE.failed;

  constructor(durable: string) {
    super(`"${durable}" is subscribed already`, 'Give every subscriber its own durable name.');
  }
}
