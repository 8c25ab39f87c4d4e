import type { EpochMs } from '../core/index.js';
import type { CommandVerb, OutcomeKind, ShadowCommand } from '../domain/index.js';

/** What became of an order, as its driver saw it. */
export interface ResourceReport {
  readonly command: ShadowCommand;
  /** `health` while it comes up, then the order's fulfilment or `failed`. `accepted` is the provisioner's to tell. */
  readonly kind: Exclude<OutcomeKind, 'accepted'>;
  readonly atMs: EpochMs;
  /** Why, for `failed`; what, for `health`; else `null`. */
  readonly detail: string | null;
}

/** Begins what is ordered. Resolves once the platform has taken the order; rejects where it refuses, which counts as failed. */
export type Order = (command: ShadowCommand, nowMs: EpochMs) => Promise<void>;

/**
 * Makes and unmakes resources on one platform. Every order is idempotent in its effect: a resource that is warm already is reported
 * `ready` at once, one that is not there `gone`. The driver never reads a clock: it is told the time, and asked what has happened.
 */
export interface ResourceDriver extends Readonly<Record<CommandVerb, Order>> {
  /** Creates a resource, or wakes a suspended one; ends in `ready`, with `health` as soon as it is up. */
  readonly warm: Order;
  /** Sends traffic to it; ends in `shifted`. */
  readonly shift: Order;
  /** Gives it the command's capacity; ends in `resized`. */
  readonly resize: Order;
  /** Drains its traffic, then keeps it as the command's tier says, suspended or warm; ends in `cooled`. */
  readonly cool: Order;
  /** Removes it, after draining what it may still serve; ends in `gone`. */
  readonly retire: Order;
  /** Holds the client to the command's capacity until its deadline; nothing more is reported. */
  readonly throttle: Order;
  /** What has happened up to `nowMs` and was not told yet, in order of time. */
  advanceTo(nowMs: EpochMs): Promise<ResourceReport[]>;
  close(): Promise<void>;
}
