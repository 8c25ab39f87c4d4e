import { z } from 'zod';
import type { DurationMs } from '../core/index.js';
import { DurationSchema, type ScalingDecision, type Tier } from '../domain/index.js';

/** Measurements kept for each driver and tier; the oldest gives way, so that a platform that changed is noticed. */
export const MAX_LEAD_TIME_SAMPLES = 100;
/** Drivers kept; a process has a handful. */
export const MAX_LEAD_TIME_DRIVERS = 64;
/** Fewer measurements than these do not replace the configured figure. */
export const MIN_LEAD_TIME_SAMPLES = 5;

/** The slice `leadTime` of the configuration: what to expect before anything was measured. */
export const LeadTimeConfigSchema = z
  .strictObject({
    /** From the order to take traffic until a ready shadow serves. */
    hot: DurationSchema.prefault('5s'),
    /** From the order to wake until a suspended shadow is ready. */
    suspended: DurationSchema.prefault('30s'),
    /** From the order to create until a new resource is ready. */
    onDemand: DurationSchema.prefault('3m'),
    /** Which quantile of the measured ones counts: to be late is dearer than to be early. */
    quantile: z.number().min(0.5).max(1).prefault(0.9),
  })
  .transform(({ hot, suspended, onDemand, quantile }) => ({
    priorMs: { hot, suspended, on_demand: onDemand },
    quantile,
  }));
export type LeadTimeConfig = z.infer<typeof LeadTimeConfigSchema>;

export interface LeadTime {
  readonly leadTimeMs: DurationMs;
  readonly source: ScalingDecision['leadTimeSource'];
}

/** The lead times of every tier of one driver. */
export type TierLeadTimes = Readonly<Record<Tier, LeadTime>>;

/** Learns how long each driver takes in each tier. Bounded: a ring of samples for each of at most 64 drivers. */
export class LeadTimes {
  readonly #samplesMs = new Map<string, number[]>();
  readonly #estimates = new Map<string, TierLeadTimes>();
  /** Measurements of drivers beyond {@link MAX_LEAD_TIME_DRIVERS}, which were not kept. */
  overflowCount = 0;

  constructor(private readonly config: LeadTimeConfig) {}

  /** One measurement, milliseconds from the command's issue to its fulfilment. */
  measure(driver: string, tier: Tier, elapsedMs: DurationMs): void {
    const key = `${driver}\u0000${tier}`;
    let samples = this.#samplesMs.get(key);
    if (samples === undefined) {
      if (this.#samplesMs.size >= MAX_LEAD_TIME_DRIVERS * 3) {
        this.overflowCount++;
        return;
      }
      samples = [];
      this.#samplesMs.set(key, samples);
    }
    if (samples.length === MAX_LEAD_TIME_SAMPLES) samples.shift();
    samples.push(elapsedMs);
    this.#estimates.delete(driver);
  }

  /** The configured quantile of what was measured, or the configured prior while there are too few measurements. */
  of(driver: string): TierLeadTimes {
    let estimate = this.#estimates.get(driver);
    if (estimate === undefined) {
      estimate = {
        hot: this.#estimate(driver, 'hot'),
        suspended: this.#estimate(driver, 'suspended'),
        on_demand: this.#estimate(driver, 'on_demand'),
      };
      if (this.#estimates.size >= MAX_LEAD_TIME_DRIVERS) this.#estimates.clear();
      this.#estimates.set(driver, estimate);
    }
    return estimate;
  }

  #estimate(driver: string, tier: Tier): LeadTime {
    const samples = this.#samplesMs.get(`${driver}\u0000${tier}`) ?? [];
    if (samples.length < MIN_LEAD_TIME_SAMPLES) {
      return { leadTimeMs: this.config.priorMs[tier], source: 'configured' };
    }
    const sorted = [...samples].sort((a, b) => a - b);
    const rank = Math.ceil(this.config.quantile * sorted.length) - 1;
    return { leadTimeMs: Math.round(sorted[rank]!), source: 'measured' };
  }
}
