import { z } from 'zod';
import { type DurationMs, UsageError } from '../core/index.js';
import { type ClientKey, DurationSchema, RatioSchema, TIERS, Tier } from '../domain/index.js';

// Money is in the reader's own unit: only the proportions decide.
const COSTS = {
  /** Of one resource's worth of demand unserved for a minute. */
  unservedPerUnitMinute: z.number().positive(),
  /** Of one resource idle for a minute. */
  idlePerUnitMinute: z.number().positive(),
  /** What a suspended resource costs, as a share of an idle one. */
  suspendedIdleRatio: RatioSchema,
  /** Of starting one resource again. */
  restart: z.number().nonnegative(),
};
// α = 9 / (9 + 1) = 0.9.
const DEFAULT_COSTS = { unservedPerUnitMinute: 9, idlePerUnitMinute: 1, suspendedIdleRatio: 0.2, restart: 2 };

// Written as people configure it: durations are strings, everything may be left out. The units of the result are in its names.
const THRESHOLDS = {
  /** What one resource serves, requests/s; `auto` takes it from the demand that the first resource bore. */
  capacityPerSecond: z.union([z.literal('auto'), z.number().positive()]),
  /** With `auto`: the first resource is taken to serve this many times the highest rate of the first observation period. */
  capacityHeadroomFactor: z.number().min(1),
  /** With `auto`: how long the first resource is only observed; one day sees one daily peak. */
  capacityObservation: DurationSchema,
  /** The share of its capacity up to which a resource is to be used. */
  targetUtilizationRatio: RatioSchema.gt(0),
  minResources: z.int().min(1),
  maxResources: z.int().min(1),
  /** Money that this client may cost an hour; `null`: no limit. */
  budgetPerHour: z.number().positive().nullable(),
  /** Deviation from what the present resources are to bear that is not acted upon. */
  toleranceRatio: RatioSchema.lt(1),
  /** How far ahead and back nothing may need a resource before it is given up. */
  coolDown: DurationSchema,
  /** The quantile of the demand over the cool-down that has to fit into fewer resources. */
  scaleInQuantile: RatioSchema,
  /** Changes of direction a day after which capacity is only added. */
  maxReversalsPerDay: z.int().min(0),
  /** Steps of history under which a forecast is not acted upon. */
  minHistorySteps: z.int().min(0),
  /** A forecast older than this counts as missing. */
  maxForecastAge: DurationSchema,
  /** The ways in which a resource may wait that its driver supports. */
  tiers: z.array(Tier).min(1),
};

const DEFAULT_THRESHOLDS = {
  capacityPerSecond: 'auto' as const,
  capacityHeadroomFactor: 1.5,
  capacityObservation: '1d',
  targetUtilizationRatio: 0.8,
  minResources: 1,
  maxResources: 8,
  budgetPerHour: null,
  toleranceRatio: 0.1, // as Kubernetes' HPA
  coolDown: '10m',
  scaleInQuantile: 0.95,
  maxReversalsPerDay: 8,
  minHistorySteps: 30,
  maxForecastAge: '5m',
  tiers: [...TIERS],
};

/** Thresholds and costs for one application, one client, or one client of one application. */
const Override = z
  .strictObject({
    application: z.string().min(1).optional(),
    client: z.string().min(1).optional(),
    ...THRESHOLDS,
    costs: z.strictObject(COSTS).partial(),
  })
  .partial()
  .refine((override) => override.application !== undefined || override.client !== undefined, {
    message: 'An override has to name an application, a client, or both',
  });
type Override = z.infer<typeof Override>;

/** The slice `decision` of the configuration: defaults for all, overrides in order, the later one wins. */
export const DecisionPolicySchema = z.strictObject({
  capacityPerSecond: THRESHOLDS.capacityPerSecond.prefault(DEFAULT_THRESHOLDS.capacityPerSecond),
  capacityHeadroomFactor: THRESHOLDS.capacityHeadroomFactor.prefault(
    DEFAULT_THRESHOLDS.capacityHeadroomFactor,
  ),
  capacityObservation: THRESHOLDS.capacityObservation.prefault(DEFAULT_THRESHOLDS.capacityObservation),
  targetUtilizationRatio: THRESHOLDS.targetUtilizationRatio.prefault(
    DEFAULT_THRESHOLDS.targetUtilizationRatio,
  ),
  minResources: THRESHOLDS.minResources.prefault(DEFAULT_THRESHOLDS.minResources),
  maxResources: THRESHOLDS.maxResources.prefault(DEFAULT_THRESHOLDS.maxResources),
  budgetPerHour: THRESHOLDS.budgetPerHour.prefault(DEFAULT_THRESHOLDS.budgetPerHour),
  toleranceRatio: THRESHOLDS.toleranceRatio.prefault(DEFAULT_THRESHOLDS.toleranceRatio),
  coolDown: THRESHOLDS.coolDown.prefault(DEFAULT_THRESHOLDS.coolDown),
  scaleInQuantile: THRESHOLDS.scaleInQuantile.prefault(DEFAULT_THRESHOLDS.scaleInQuantile),
  maxReversalsPerDay: THRESHOLDS.maxReversalsPerDay.prefault(DEFAULT_THRESHOLDS.maxReversalsPerDay),
  minHistorySteps: THRESHOLDS.minHistorySteps.prefault(DEFAULT_THRESHOLDS.minHistorySteps),
  maxForecastAge: THRESHOLDS.maxForecastAge.prefault(DEFAULT_THRESHOLDS.maxForecastAge),
  tiers: THRESHOLDS.tiers.prefault(DEFAULT_THRESHOLDS.tiers),
  costs: z
    .strictObject({
      unservedPerUnitMinute: COSTS.unservedPerUnitMinute.prefault(DEFAULT_COSTS.unservedPerUnitMinute),
      idlePerUnitMinute: COSTS.idlePerUnitMinute.prefault(DEFAULT_COSTS.idlePerUnitMinute),
      suspendedIdleRatio: COSTS.suspendedIdleRatio.prefault(DEFAULT_COSTS.suspendedIdleRatio),
      restart: COSTS.restart.prefault(DEFAULT_COSTS.restart),
    })
    .prefault({}),
  overrides: z.array(Override).prefault([]),
});
/** The validated slice; {@link policyFor} makes a client's policy of it. */
export type DecisionConfig = z.infer<typeof DecisionPolicySchema>;

/** What decides for one client. Money is in the reader's unit; one unit of capacity is one resource. */
export interface DecisionPolicy {
  readonly capacityPerSecond: number | 'auto';
  readonly capacityHeadroomFactor: number;
  readonly capacityObservationMs: DurationMs;
  readonly targetUtilizationRatio: number;
  readonly minResources: number;
  readonly maxResources: number;
  readonly budgetPerHour: number | null;
  readonly toleranceRatio: number;
  readonly coolDownMs: DurationMs;
  readonly scaleInQuantile: number;
  readonly maxReversalsPerDay: number;
  readonly minHistorySteps: number;
  readonly maxForecastAgeMs: DurationMs;
  readonly tiers: readonly Tier[];
  readonly underCostPerUnitMinute: number;
  readonly overCostPerUnitMinute: number;
  readonly suspendedIdleRatio: number;
  readonly restartCost: number;
}

/**
 * The policy for one client: the defaults, then every override that matches, in order. Call it once a client, not once a tick.
 * Throws {@link UsageError} where they contradict each other.
 */
export function policyFor(config: DecisionConfig, key: ClientKey): DecisionPolicy {
  const { overrides, ...merged } = { ...config, costs: { ...config.costs } };
  for (const override of overrides) {
    if (!isMatch(override, key)) continue;
    const { application: _application, client: _client, costs, ...thresholds } = override;
    Object.assign(merged, thresholds);
    Object.assign(merged.costs, costs);
  }
  const { capacityObservation, coolDown, maxForecastAge, costs, ...rest } = merged;
  if (rest.minResources > rest.maxResources) {
    throw new UsageError(
      `decision: minResources ${rest.minResources} exceeds maxResources ${rest.maxResources} for client ${key.client} of ${key.application}`,
      'Raise maxResources or lower minResources, in the defaults or in the override that names them.',
    );
  }
  return Object.freeze({
    ...rest,
    capacityObservationMs: capacityObservation,
    coolDownMs: coolDown,
    maxForecastAgeMs: maxForecastAge,
    underCostPerUnitMinute: costs.unservedPerUnitMinute,
    overCostPerUnitMinute: costs.idlePerUnitMinute,
    suspendedIdleRatio: costs.suspendedIdleRatio,
    restartCost: costs.restart,
  });
}

function isMatch(override: Override, key: ClientKey): boolean {
  return (
    (override.application === undefined || override.application === key.application) &&
    (override.client === undefined || override.client === key.client)
  );
}

/** α = Cu / (Cu + Co): the newsvendor's quantile, at which the expected costs of too little and too much balance. */
export function alphaOf(policy: DecisionPolicy): number {
  return policy.underCostPerUnitMinute / (policy.underCostPerUnitMinute + policy.overCostPerUnitMinute);
}
