import type { EpochMs } from '../core/index.js';
import { type DecisionMemory, type DecisionPolicy, EMPTY_MEMORY } from '../decision/index.js';
import type { ClientKey, ScalingDecision, Shadow } from '../domain/index.js';
import type { ClientForecaster } from '../forecast/index.js';
import { isExisting } from '../shadow/index.js';

/** What the engine keeps of one client between two reviews. */
export class ClientState {
  memory: DecisionMemory = EMPTY_MEMORY;
  lastDecision: ScalingDecision | null = null;
  lastForecastRecordMs: EpochMs = Number.NEGATIVE_INFINITY;
  private readonly shadowsById = new Map<string, Shadow>();

  constructor(
    readonly key: ClientKey,
    readonly policy: DecisionPolicy,
    readonly forecaster: ClientForecaster,
  ) {}

  /** Resources that exist or are to; those that are gone are in the store only. */
  get shadows(): Shadow[] {
    return [...this.shadowsById.values()];
  }

  shadow(id: string): Shadow | undefined {
    return this.shadowsById.get(id);
  }

  put(shadow: Shadow): void {
    if (isExisting(shadow)) this.shadowsById.set(shadow.id, shadow);
    else this.shadowsById.delete(shadow.id);
  }
}
