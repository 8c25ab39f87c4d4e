// Resources that exist in name only: orders take as long as configured, with jitter, and then succeed or fail as the seed has it.
// The same seed and the same orders give the same outcomes. Nothing on the machine or the network is touched.
import { z } from 'zod';
import { type DurationMs, type EpochMs, EXIT_CODE, ForetapError } from '../../../core/index.js';
import { type CommandVerb, DurationSchema, RatioSchema, type ShadowCommand } from '../../../domain/index.js';
import type { ResourceDriver, ResourceReport } from '../../types.js';
import { normalOf, uniformOf } from './random.js';

export const DryRunConfigSchema = z
  .strictObject({
    /** Median times: to create, to wake, to take traffic (the lead times of the tiers), then to resize, drain and remove. */
    onDemand: DurationSchema.prefault('2m'),
    suspended: DurationSchema.prefault('20s'),
    hot: DurationSchema.prefault('3s'),
    resize: DurationSchema.prefault('5s'),
    cool: DurationSchema.prefault('30s'),
    retire: DurationSchema.prefault('10s'),
    /** Standard deviation of the logarithm of every time; 0.2 spreads them by about a fifth. */
    jitterSigma: z.number().min(0).max(2).prefault(0.2),
    /** The share of orders that fail at their end; `retire` never does. */
    failureRatio: RatioSchema.prefault(0),
    seed: z.int().prefault(1),
    /** Resources and orders at once; further orders are refused. */
    maxResources: z.int().min(1).prefault(10_000),
  })
  .transform(({ onDemand, suspended, hot, resize, cool, retire, ...rest }) => ({
    ...rest,
    mediansMs: { onDemand, suspended, hot, resize, cool, retire },
  }));
export type DryRunConfig = z.infer<typeof DryRunConfigSchema>;

/** The share of the time to create after which a resource is up and begins to synchronize its state. */
const UP_RATIO = 0.7;

type ResourceState = 'warm' | 'suspended' | 'serving';

/** More resources or orders than the driver is configured to keep. */
export class DryRunFullError extends ForetapError {
  readonly code = 'DRY_RUN_FULL';
  readonly exitCode = EXIT_CODE.failed;

  constructor(maxResources: number) {
    super(
      `The dry-run driver keeps ${maxResources} resources already`,
      'Raise provision.dryRun.maxResources.',
    );
  }
}

export function createDryRunDriver(config: DryRunConfig): ResourceDriver {
  return new DryRunDriver(config);
}

class DryRunDriver implements ResourceDriver {
  readonly #states = new Map<string, ResourceState>();
  /** What is still to happen, in order of time. */
  #due: ResourceReport[] = [];

  constructor(private readonly config: DryRunConfig) {}

  async warm(command: ShadowCommand, nowMs: EpochMs): Promise<void> {
    const state = this.#states.get(command.shadowId);
    if (state === 'warm' || state === 'serving') return this.#plan(command, 'ready', nowMs, 0);
    const { onDemand, suspended } = this.config.mediansMs;
    const durationMs = this.#jittered(command, state === 'suspended' ? suspended : onDemand);
    this.#plan(command, 'health', nowMs, durationMs * UP_RATIO, 'up, synchronizing state');
    this.#plan(command, 'ready', nowMs, durationMs);
  }

  async shift(command: ShadowCommand, nowMs: EpochMs): Promise<void> {
    if (!this.#states.has(command.shadowId)) {
      return this.#plan(command, 'failed', nowMs, 0, 'there is no such resource');
    }
    this.#plan(command, 'shifted', nowMs, this.#jittered(command, this.config.mediansMs.hot));
  }

  async resize(command: ShadowCommand, nowMs: EpochMs): Promise<void> {
    this.#plan(command, 'resized', nowMs, this.#jittered(command, this.config.mediansMs.resize));
  }

  async cool(command: ShadowCommand, nowMs: EpochMs): Promise<void> {
    this.#plan(command, 'cooled', nowMs, this.#jittered(command, this.config.mediansMs.cool));
  }

  async retire(command: ShadowCommand, nowMs: EpochMs): Promise<void> {
    const isThere = this.#states.has(command.shadowId);
    this.#plan(command, 'gone', nowMs, isThere ? this.#jittered(command, this.config.mediansMs.retire) : 0);
  }

  /** There is no traffic to hold back. */
  async throttle(): Promise<void> {}

  async advanceTo(nowMs: EpochMs): Promise<ResourceReport[]> {
    const firstLater = this.#due.findIndex((report) => report.atMs > nowMs);
    const count = firstLater < 0 ? this.#due.length : firstLater;
    const reports = this.#due.slice(0, count);
    this.#due = this.#due.slice(count);
    for (const report of reports) this.#apply(report);
    return reports;
  }

  async close(): Promise<void> {}

  #apply({ command: { shadowId, tier }, kind }: ResourceReport): void {
    const state = this.#states.get(shadowId);
    if (kind === 'gone') this.#states.delete(shadowId);
    else if (kind === 'shifted') this.#states.set(shadowId, 'serving');
    else if (kind === 'ready' && state !== 'serving') this.#states.set(shadowId, 'warm');
    // Also one that the driver did not make: it served before there was a foretap.
    else if (kind === 'cooled') this.#states.set(shadowId, tier === 'suspended' ? 'suspended' : 'warm');
  }

  /** Failing replaces the fulfilment, at the time at which that would have come. */
  #plan(
    command: ShadowCommand,
    kind: ResourceReport['kind'],
    nowMs: EpochMs,
    afterMs: DurationMs,
    detail: string | null = null,
  ): void {
    if (this.#due.length + this.#states.size >= this.config.maxResources) {
      throw new DryRunFullError(this.config.maxResources);
    }
    const isFailing =
      kind !== 'health' &&
      canFail(command.verb) &&
      uniformOf(this.config.seed, command.id) < this.config.failureRatio;
    const report: ResourceReport = {
      command,
      kind: isFailing ? 'failed' : kind,
      atMs: nowMs + Math.round(afterMs),
      detail: isFailing ? 'failed as configured' : detail,
    };
    const later = this.#due.findIndex((other) => other.atMs > report.atMs);
    this.#due.splice(later < 0 ? this.#due.length : later, 0, report);
  }

  #jittered(command: ShadowCommand, medianMs: DurationMs): DurationMs {
    return medianMs * Math.exp(this.config.jitterSigma * normalOf(this.config.seed, command.id));
  }
}

function canFail(verb: CommandVerb): boolean {
  return verb !== 'retire';
}
