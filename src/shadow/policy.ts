import { z } from 'zod';
import type { DurationMs } from '../core/index.js';
import { type CommandVerb, DurationSchema, RatioSchema } from '../domain/index.js';

/** The slice `shadow` of the configuration: durations are strings, the units of the result are in its names. */
export const ShadowPolicySchema = z
  .strictObject({
    /** Where resources are created. */
    zone: z.string().min(1).prefault('default'),
    /** Resources of one client that may exist at once, failed and retiring ones included, whatever anyone asks for. */
    maxResources: z.int().min(1).prefault(16),
    /** How long a resource that no longer serves stays warm before it is retired. */
    coolDown: DurationSchema.prefault('10m'),
    /** How long a shadow of the suspended tier stays ready before it is suspended. */
    suspendAfter: DurationSchema.prefault('10m'),
    /** The share of the serving capacity at which the next shadow takes traffic. */
    shiftUtilizationRatio: RatioSchema.gt(0).prefault(0.8),
    /** How far ahead the present growth counts when traffic is to be shifted: demand that is about to be there. */
    shiftLead: DurationSchema.prefault('30s'),
    /** The same for waking a suspended shadow. */
    wakeLead: DurationSchema.prefault('2m'),
    /** What a shadow is given while it waits, as a share of a full resource; it is resized before it takes traffic. */
    baselineRatio: RatioSchema.gt(0).prefault(1),
    /** Failed tries of warming and shifting after which a shadow is given up. */
    maxAttempts: z.int().min(1).prefault(3),
    /** The wait after the first failure; doubled for each further one. */
    backoff: DurationSchema.prefault('10s'),
    maxBackoff: DurationSchema.prefault('5m'),
    /** When a command is void, counted from its issue; a throttle holds until then. */
    deadlines: z
      .strictObject({
        warm: DurationSchema.prefault('15m'),
        shift: DurationSchema.prefault('2m'),
        resize: DurationSchema.prefault('2m'),
        cool: DurationSchema.prefault('10m'),
        retire: DurationSchema.prefault('10m'),
        throttle: DurationSchema.prefault('5m'),
      })
      .prefault({}),
  })
  .transform(({ coolDown, suspendAfter, shiftLead, wakeLead, backoff, maxBackoff, deadlines, ...rest }) => ({
    ...rest,
    coolDownMs: coolDown,
    suspendAfterMs: suspendAfter,
    shiftLeadMs: shiftLead,
    wakeLeadMs: wakeLead,
    backoffMs: backoff,
    maxBackoffMs: maxBackoff,
    deadlinesMs: deadlines satisfies Record<CommandVerb, DurationMs>,
  }));
export type ShadowPolicy = z.infer<typeof ShadowPolicySchema>;
