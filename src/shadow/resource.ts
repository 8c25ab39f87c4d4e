import { createId, type EpochMs } from '../core/index.js';
import type { ClientKey, CommandVerb, Shadow, ShadowState } from '../domain/index.js';

const HELD_STATES: ReadonlySet<ShadowState> = new Set<ShadowState>([
  'planned',
  'provisioning',
  'syncing',
  'ready',
  'suspended',
  'shifting',
  'active',
]);

/** Whether it serves, or is on its way to: neither cooling, nor going, nor about to. */
export function isHeld(shadow: Shadow): boolean {
  if (!HELD_STATES.has(shadow.state)) return false;
  return !isOrdered(shadow, 'retire') && !(shadow.state === 'active' && isOrdered(shadow, 'cool'));
}

/** Resources that serve or are on their way: the `currentResources` of the next decision. */
export function countResources(shadows: readonly Shadow[]): number {
  return shadows.reduce((count, shadow) => (isHeld(shadow) ? count + 1 : count), 0);
}

/** Whether it takes traffic, or has been ordered to. */
export function isServing(shadow: Shadow): boolean {
  if (shadow.state === 'shifting') return true;
  if (shadow.state === 'active') return isHeld(shadow);
  return isOrdered(shadow, 'shift');
}

/** Whether this order is in flight. */
export function isOrdered(shadow: Shadow, verb: CommandVerb): boolean {
  return shadow.pendingCommandId !== null && shadow.step?.verb === verb;
}

/** Whether a resource may exist behind it. */
export function isExisting(shadow: Shadow): boolean {
  return shadow.state !== 'gone';
}

/** The resource that already served a client when foretap first saw it; from then on it is treated like a shadow that shifted. */
export function discoverResource(
  { application, client }: ClientKey,
  { nowMs, capacityPerSecond, zone }: { nowMs: EpochMs; capacityPerSecond: number; zone: string },
): Shadow {
  return {
    application,
    client,
    id: createId('res', application, client),
    state: 'active',
    failureReason: null,
    tier: 'on_demand',
    capacityPerSecond,
    zone,
    decisionId: 'discovered',
    history: [{ state: 'active', atMs: nowMs }],
    fencingToken: 0,
    pendingCommandId: null,
    step: null,
    throttledUntilMs: null,
  };
}
