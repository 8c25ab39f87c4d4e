import { createId, type EpochMs } from '../core/index.js';
import type { CommandVerb, ScalingDecision, Shadow, ShadowCommand, Tier } from '../domain/index.js';
import type { ShadowPolicy } from './policy.js';
import { transition } from './transition.js';

/** What an order says differently from its shadow. */
export interface OrderDetails {
  readonly capacityPerSecond?: number;
  readonly tier?: Tier;
}

/** The shadows of one client while they are reconciled, and the commands that come of it. Lives for one call. */
export class Draft {
  readonly commands: ShadowCommand[] = [];
  readonly #shadows: Shadow[];
  readonly #changed = new Set<string>();

  constructor(
    shadows: readonly Shadow[],
    readonly decision: ScalingDecision,
    readonly policy: ShadowPolicy,
    readonly nowMs: EpochMs,
  ) {
    this.#shadows = [...shadows];
  }

  get all(): readonly Shadow[] {
    return this.#shadows;
  }

  /** A copy, so that it may be walked while shadows change. */
  filter(predicate: (shadow: Shadow) => boolean): Shadow[] {
    return this.#shadows.filter(predicate);
  }

  put(shadow: Shadow): void {
    const index = this.#shadows.findIndex((other) => other.id === shadow.id);
    if (index < 0) this.#shadows.push(shadow);
    else if (this.#shadows[index] === shadow) return;
    else this.#shadows[index] = shadow;
    this.#changed.add(shadow.id);
  }

  /** Whether an order may be given now: none is in flight, and no failed step still waits for its next try. */
  isFree(shadow: Shadow): boolean {
    return (
      shadow.pendingCommandId === null &&
      (shadow.step?.retryAtMs == null || shadow.step.retryAtMs <= this.nowMs)
    );
  }

  /** Orders a step. The id follows from the shadow, the verb and the token: a repeated reconciliation repeats it. */
  order(
    shadow: Shadow,
    verb: CommandVerb,
    { capacityPerSecond = shadow.capacityPerSecond, tier = shadow.tier }: OrderDetails = {},
  ): void {
    const fencingToken = shadow.fencingToken + 1;
    const command: ShadowCommand = {
      application: shadow.application,
      client: shadow.client,
      id: createId('cmd', shadow.id, verb, fencingToken),
      verb,
      shadowId: shadow.id,
      decisionId: this.decision.id,
      tier,
      zone: shadow.zone,
      capacityPerSecond,
      issuedAtMs: this.nowMs,
      deadlineMs: this.nowMs + this.policy.deadlinesMs[verb],
      fencingToken,
      attempt: shadow.step?.verb === verb ? shadow.step.attempt + 1 : 1,
    };
    this.put(transition(shadow, { kind: 'commanded', command }));
    this.commands.push(command);
  }

  /** The shadows that are new or changed. */
  changed(): Shadow[] {
    return this.#shadows.filter((shadow) => this.#changed.has(shadow.id));
  }
}
