import { type EpochMs, type Logger, type Metrics, msToIso } from '../core/index.js';
import type { Outcome, OutcomeKind, ShadowCommand } from '../domain/index.js';
import {
  type Bus,
  BusFullError,
  COMMAND_PATTERN,
  type ForetapEvent,
  reportEvent,
  reportSubject,
  type Subscription,
} from '../event/index.js';
import type { ResourceDriver } from './types.js';

/** The name under which provisioners take commands. */
export const PROVISIONER_DURABLE = 'provisioner';

export interface ProvisionerOptions {
  readonly bus: Bus;
  readonly driver: ResourceDriver;
  /** Bounds the ids and tokens that are remembered. */
  readonly maxSeenCommands: number;
  /** The process, as the events' `source`. */
  readonly source: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Takes commands from the bus, has the driver carry them out, and reports what became of them. A command counts once; after its
 * deadline, or once a newer one about the same shadow was seen, it is refused, and the refusal reported as `failed`.
 */
export class Provisioner {
  readonly #options: ProvisionerOptions;
  readonly #seenIds = new Map<string, true>();
  readonly #tokens = new Map<string, number>();
  /** Reports not yet published, in order; they stay while the bus is full. As many as there are unfulfilled commands, at most twice. */
  readonly #outbox: Outcome[] = [];
  #isSending = false;
  #nowMs: EpochMs = 0;
  #subscription: Subscription | null = null;

  constructor(options: ProvisionerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#subscription = await this.#options.bus.subscribe(COMMAND_PATTERN, PROVISIONER_DURABLE, (event) =>
      this.#take(event),
    );
  }

  /** Takes no further commands and lets go of the driver. */
  async stop(): Promise<void> {
    await this.#subscription?.unsubscribe();
    this.#subscription = null;
    await this.#options.driver.close();
  }

  /** Lets time pass: reports everything that has happened up to `nowMs`. */
  async advanceTo(nowMs: EpochMs): Promise<void> {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const reports = await this.#options.driver.advanceTo(this.#nowMs);
    for (const { command, kind, atMs, detail } of reports) {
      this.#outbox.push(outcomeOf(command, kind, atMs, detail));
    }
    await this.#send();
  }

  async #take(event: ForetapEvent): Promise<void> {
    const command = event.data as ShadowCommand;
    const { driver, logger, metrics, maxSeenCommands } = this.#options;
    const nowMs = Math.max(this.#nowMs, command.issuedAtMs);
    if (this.#seenIds.has(command.id)) {
      metrics.add('foretap_provision_repeated_commands_total', 1, { verb: command.verb });
      return;
    }
    const refusal = this.#refusalOf(command, nowMs);
    rememberBounded(this.#seenIds, command.id, true, maxSeenCommands);
    if (refusal !== null) {
      logger.warn({ commandId: command.id, shadowId: command.shadowId, refusal }, 'A command was refused');
      metrics.add('foretap_provision_refused_commands_total', 1, { verb: command.verb });
      return this.#report(outcomeOf(command, 'failed', nowMs, refusal));
    }
    rememberBounded(this.#tokens, command.shadowId, command.fencingToken, maxSeenCommands);
    metrics.add('foretap_provision_commands_total', 1, { verb: command.verb });
    try {
      await driver[command.verb](command, nowMs);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      logger.error(
        { commandId: command.id, shadowId: command.shadowId, detail },
        'A command could not begin',
      );
      return this.#report(outcomeOf(command, 'failed', nowMs, detail));
    }
    await this.#report(outcomeOf(command, 'accepted', nowMs, null));
  }

  #refusalOf(command: ShadowCommand, nowMs: EpochMs): string | null {
    if (nowMs >= command.deadlineMs) return `its deadline, ${msToIso(command.deadlineMs)}, has passed`;
    const newestToken = this.#tokens.get(command.shadowId);
    return newestToken !== undefined && command.fencingToken <= newestToken
      ? `its fencing token ${command.fencingToken} is not newer than ${newestToken}, which was seen`
      : null;
  }

  #report(outcome: Outcome): Promise<void> {
    this.#outbox.push(outcome);
    return this.#send();
  }

  async #send(): Promise<void> {
    const { bus, source, metrics, logger } = this.#options;
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let outcome = this.#outbox[0]; outcome !== undefined; outcome = this.#outbox[0]) {
        await bus.publish(reportSubject(outcome), reportEvent(outcome, source));
        this.#outbox.shift();
        metrics.add('foretap_provision_reports_total', 1, { kind: outcome.kind });
      }
    } catch (error) {
      if (!(error instanceof BusFullError)) throw error;
      logger.warn({ waiting: this.#outbox.length }, 'The bus is full; reports wait');
    } finally {
      this.#isSending = false;
    }
  }
}

function outcomeOf(command: ShadowCommand, kind: OutcomeKind, atMs: EpochMs, detail: string | null): Outcome {
  return {
    application: command.application,
    client: command.client,
    commandId: command.id,
    shadowId: command.shadowId,
    kind,
    atMs,
    fencingToken: command.fencingToken,
    detail,
    elapsedMs: Math.max(0, atMs - command.issuedAtMs),
  };
}

/** The least recently written entry gives way. */
function rememberBounded<Value>(
  map: Map<string, Value>,
  key: string,
  value: Value,
  maxEntries: number,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= maxEntries) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
