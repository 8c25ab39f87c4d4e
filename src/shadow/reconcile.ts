import { createId, type DurationMs, type EpochMs, MINUTE_MS } from '../core/index.js';
import type { ScalingDecision, Shadow, ShadowCommand } from '../domain/index.js';
import { Draft } from './draft.js';
import { failStep } from './outcome.js';
import type { ShadowPolicy } from './policy.js';
import { isExisting, isHeld, isOrdered, isServing } from './resource.js';
import { enteredAtMs, transition } from './transition.js';

export interface ReconcileInput {
  /** The client's latest decision: how many resources are wanted, and the demand it saw. */
  readonly decision: ScalingDecision;
  /** All of the client's shadows; those that are gone may be left out. */
  readonly shadows: readonly Shadow[];
  readonly nowMs: EpochMs;
  readonly policy: ShadowPolicy;
}

export interface Reconciliation {
  /** New or changed. Keep these before publishing the commands: a command that was never sent is repeated after its deadline. */
  readonly shadows: Shadow[];
  readonly commands: ShadowCommand[];
}

/**
 * The next steps from what is to what is wanted, for one client. Level-triggered: it needs no history beyond the shadows, and may
 * be called at any time and any number of times. Pure. At most one command is in flight for a shadow.
 */
export function reconcile(input: ReconcileInput): Reconciliation {
  const draft = new Draft(input.shadows, input.decision, input.policy, input.nowMs);
  expire(draft);
  clean(draft);
  supply(draft);
  warm(draft);
  shift(draft);
  release(draft);
  suspend(draft);
  throttle(draft);
  forget(draft);
  return { shadows: draft.changed(), commands: draft.commands };
}

/** A command whose deadline passed without its fulfilment has failed. */
function expire(draft: Draft): void {
  for (const shadow of draft.all.slice()) {
    if (shadow.pendingCommandId !== null && shadow.step !== null && shadow.step.deadlineMs <= draft.nowMs) {
      draft.put(failStep(shadow, 'the deadline passed', draft.nowMs, draft.policy));
    }
  }
}

/** What failed is retired, since its resource may be half there; what cooled long enough goes; what is going is seen off. */
function clean(draft: Draft): void {
  const { nowMs, policy } = draft;
  for (const shadow of draft.filter((candidate) => draft.isFree(candidate))) {
    const isCold = shadow.state === 'cooling' && nowMs - enteredAtMs(shadow) >= policy.coolDownMs;
    const isWanted = shadow.state === 'cooling' && missing(draft) > 0;
    if (shadow.state === 'failed' || shadow.state === 'retiring' || (isCold && !isWanted)) {
      draft.order(shadow, 'retire');
    }
  }
}

function missing(draft: Draft): number {
  const wanted = Math.min(draft.decision.desiredResources, draft.policy.maxResources);
  return wanted - draft.filter(isHeld).length;
}

/** Too few: first take back what is cooling, then plan new ones. */
function supply(draft: Draft): void {
  const { nowMs, policy, decision } = draft;
  let deficit = missing(draft);
  if (deficit <= 0) return;
  for (const shadow of draft.filter(isReturnable)) {
    if (deficit === 0) return;
    deficit--;
    // One that still drains is taken back when it has; until then it is counted upon.
    if (shadow.state === 'cooling' && shadow.pendingCommandId === null) {
      draft.put(transition(shadow, { kind: 'reclaimed', atMs: nowMs }));
    }
  }
  if (nowMs < lastFailureMs(draft.all) + policy.maxBackoffMs) return;
  const room = policy.maxResources - draft.filter(isExisting).length;
  for (let index = 0; index < Math.min(deficit, room); index++) draft.put(planShadow(draft, index, decision));
}

function isReturnable(shadow: Shadow): boolean {
  if (shadow.state === 'active') return isOrdered(shadow, 'cool');
  return shadow.state === 'cooling' && !isOrdered(shadow, 'retire') && !isOrdered(shadow, 'shift');
}

/** When a shadow was last given up; a driver that only fails is not asked for new ones all the time. */
function lastFailureMs(shadows: readonly Shadow[]): EpochMs {
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { history } of shadows) {
    for (const entry of history) if (entry.state === 'failed' && entry.atMs > lastMs) lastMs = entry.atMs;
  }
  return lastMs;
}

function planShadow({ nowMs, policy }: Draft, index: number, decision: ScalingDecision): Shadow {
  const { application, client } = decision;
  return {
    application,
    client,
    id: createId('shd', application, client, decision.id, nowMs, index),
    state: 'planned',
    failureReason: null,
    tier: decision.tier,
    capacityPerSecond: decision.capacityPerSecond * policy.baselineRatio,
    zone: policy.zone,
    decisionId: decision.id,
    history: [{ state: 'planned', atMs: nowMs }],
    fencingToken: 0,
    pendingCommandId: null,
    step: null,
    throttledUntilMs: null,
  };
}

/** New ones are created at once, as long as they are wanted; suspended ones are woken when demand comes near. */
function warm(draft: Draft): void {
  const surplus = Math.max(0, -missing(draft));
  const planned = draft.filter((shadow) => shadow.state === 'planned');
  for (const shadow of planned.slice(0, planned.length - Math.min(surplus, planned.length))) {
    if (draft.isFree(shadow)) draft.order(shadow, 'warm');
  }
  let awake = draft.filter((shadow) => isServing(shadow) || isAwake(shadow)).length;
  const needed = neededServing(draft, draft.policy.wakeLeadMs);
  for (const shadow of draft.filter((candidate) => candidate.state === 'suspended')) {
    if (awake >= needed) return;
    if (!draft.isFree(shadow)) continue;
    draft.order(shadow, 'warm');
    awake++;
  }
}

function isAwake(shadow: Shadow): boolean {
  return isOrdered(shadow, 'warm') || (shadow.state === 'ready' && !isOrdered(shadow, 'cool'));
}

/** The demand is there, or about to be: ready shadows take traffic, the one that has waited longest first. */
function shift(draft: Draft): void {
  let lacking = neededServing(draft, draft.policy.shiftLeadMs) - draft.filter(isServing).length;
  if (lacking <= 0) return;
  const full = draft.decision.capacityPerSecond;
  const ready = draft
    .filter((shadow) => shadow.state === 'ready')
    .sort((a, b) => enteredAtMs(a) - enteredAtMs(b));
  for (const shadow of ready) {
    if (lacking === 0) return;
    if (!draft.isFree(shadow)) continue;
    const isBaseline = draft.policy.baselineRatio < 1 && shadow.capacityPerSecond < full;
    if (isBaseline) draft.order(shadow, 'resize', { capacityPerSecond: full });
    else draft.order(shadow, 'shift');
    lacking--;
  }
}

/** Resources that have to serve once the present growth has gone on for `aheadMs`; as many as do if nobody knows the demand. */
function neededServing({ all, decision, policy }: Draft, aheadMs: DurationMs): number {
  if (decision.observedPerSecond === null)
    return all.reduce((sum, shadow) => sum + Number(isServing(shadow)), 0);
  const growth = Math.max(0, decision.velocityPerMinute) * (aheadMs / MINUTE_MS);
  const bearablePerSecond = decision.capacityPerSecond * policy.shiftUtilizationRatio;
  return Math.max(1, Math.ceil((decision.observedPerSecond + growth) / bearablePerSecond - 1e-9));
}

/** Too many: what serves nothing goes first; then the latest that serve cool, but never below what the demand needs. */
function release(draft: Draft): void {
  let surplus = -missing(draft);
  // What is being created or moved cannot be stopped halfway; it is released when it has arrived.
  surplus -= draft.filter((shadow) => isHeld(shadow) && isMoving(shadow)).length;
  for (const state of ['planned', 'suspended', 'ready'] as const) {
    for (const shadow of draft.filter((candidate) => candidate.state === state).reverse()) {
      if (surplus <= 0) return;
      if (shadow.pendingCommandId !== null) continue;
      draft.order(shadow, 'retire');
      surplus--;
    }
  }
  const active = draft.filter((shadow) => shadow.state === 'active' && isHeld(shadow));
  const dispensable = active.length - neededServing(draft, draft.policy.shiftLeadMs);
  const latestFirst = active.sort((a, b) => enteredAtMs(b) - enteredAtMs(a));
  for (const shadow of latestFirst.slice(0, Math.max(0, Math.min(surplus, dispensable)))) {
    // It stays warm whatever its tier, for as long as it cools down.
    if (draft.isFree(shadow)) draft.order(shadow, 'cool', { tier: 'hot' });
  }
}

function isMoving(shadow: Shadow): boolean {
  return shadow.pendingCommandId !== null && shadow.state !== 'active';
}

/** A shadow of the suspended tier that is not about to be needed stops costing; while nobody knows the demand, it may be needed. */
function suspend(draft: Draft): void {
  const { nowMs, policy, decision } = draft;
  if (decision.observedPerSecond === null) return;
  const ready = draft.filter((shadow) => shadow.state === 'ready' && !isOrdered(shadow, 'cool'));
  let spare = draft.filter(isServing).length + ready.length - neededServing(draft, policy.wakeLeadMs);
  for (const shadow of ready) {
    const hasWaited = nowMs - enteredAtMs(shadow) >= policy.suspendAfterMs;
    if (spare <= 0) return;
    if (shadow.tier !== 'suspended' || !hasWaited || !draft.isFree(shadow)) continue;
    draft.order(shadow, 'cool', { tier: 'suspended' });
    spare--;
  }
}

/** A cap keeps capacity away from demand that is there: the client is held to what can be served, for as long as that lasts. */
function throttle(draft: Draft): void {
  const { decision, nowMs } = draft;
  if (!decision.reason.startsWith('capped_') || decision.observedPerSecond === null) return;
  const active = draft.filter((shadow) => shadow.state === 'active');
  const servedPerSecond = active.length * decision.capacityPerSecond;
  const isThrottled = active.some(
    (shadow) => (shadow.throttledUntilMs ?? 0) > nowMs || isOrdered(shadow, 'throttle'),
  );
  const first = active.find((shadow) => draft.isFree(shadow));
  if (isThrottled || first === undefined || decision.observedPerSecond <= servedPerSecond) return;
  draft.order(first, 'throttle', { capacityPerSecond: servedPerSecond });
}

/** A failed step that could be tried again and was not is not wanted any more. */
function forget(draft: Draft): void {
  for (const shadow of draft.filter((candidate) => candidate.step !== null && draft.isFree(candidate))) {
    draft.put({ ...shadow, step: null });
  }
}
