import type { ClientKey, Forecast, ScalingDecision, Shadow } from '../domain/index.js';
import { clientKeyToString } from '../domain/index.js';

/** How one shadow's readiness compared with the demand it was made for. */
export interface Readiness {
  shadowId: string;
  /** When it was ready, the last time before it was needed: a suspended one is woken anew. */
  readyAtMs: number;
  /** Start of the first step whose demand the resources before it could not serve; `null`: it left, or waits, without that. */
  neededAtMs: number | null;
}

/** What a run came to for one client. Rates in requests/s. */
export interface ClientScore extends ClientKey {
  steps: number;
  meanPerSecond: number;
  peakPerSecond: number;
  peakAtMs: number | null;
  /** Pinball loss of the ensemble over that of persistence, recent; below 1 is skill. */
  skillRatio: number | null;
  scaleOuts: number;
  scaleIns: number;
  /** Minutes in which demand was above what the serving resources can bear. */
  unservedMinutes: number;
  readiness: readonly Readiness[];
}

interface Entry extends Omit<ClientScore, 'meanPerSecond' | 'readiness'> {
  sumPerSecond: number;
  readiness: Map<string, Readiness & { ordinal: number; isWaiting: boolean }>;
  capacityPerSecond: number | null;
}

/** Shadows a client's score remembers; the oldest answered ones go first. */
const MAX_READINESS = 256;

/** Keeps score while a run goes on: demand, skill, decisions, and whether help was there in time. */
export class Scorecard {
  private readonly entries = new Map<string, Entry>();

  /** Demand of one grid step, and the resources that served it. */
  observeDemand(
    key: ClientKey,
    startMs: number,
    stepMs: number,
    ratePerSecond: number,
    servingResources: number,
  ): void {
    if (Number.isNaN(ratePerSecond)) return;
    const entry = this.entry(key);
    entry.steps++;
    entry.sumPerSecond += ratePerSecond;
    if (ratePerSecond > entry.peakPerSecond) {
      entry.peakPerSecond = ratePerSecond;
      entry.peakAtMs = startMs;
    }
    const { capacityPerSecond } = entry;
    if (capacityPerSecond === null) return;
    if (ratePerSecond > servingResources * capacityPerSecond) entry.unservedMinutes += stepMs / 60_000;
    for (const readiness of entry.readiness.values()) {
      if (readiness.isWaiting && ratePerSecond > (readiness.ordinal - 1) * capacityPerSecond) {
        readiness.neededAtMs = startMs;
        readiness.isWaiting = false;
      }
    }
  }

  observeDecision(decision: ScalingDecision, forecast: Forecast | null): void {
    const entry = this.entry(decision);
    entry.capacityPerSecond = decision.capacityPerSecond;
    if (forecast) entry.skillRatio = forecast.skillRatio;
    if (decision.action === 'scale_out') entry.scaleOuts++;
    if (decision.action === 'scale_in') entry.scaleIns++;
  }

  /** A shadow can serve from now on; it is the `ordinal`-th resource of its client. */
  observeReady(shadow: Shadow, atMs: number, ordinal: number): void {
    const { readiness } = this.entry(shadow);
    if (readiness.get(shadow.id)?.neededAtMs != null) return;
    readiness.set(shadow.id, {
      shadowId: shadow.id,
      readyAtMs: atMs,
      neededAtMs: null,
      ordinal,
      isWaiting: true,
    });
    if (readiness.size > MAX_READINESS) readiness.delete(readiness.keys().next().value!);
  }

  /** A shadow was given up or let go: demand that comes later is not what it was made for. */
  observeGone(shadow: Shadow): void {
    const readiness = this.entry(shadow).readiness.get(shadow.id);
    if (readiness) readiness.isWaiting = false;
  }

  /** One score a client, most demand first. */
  scores(): ClientScore[] {
    return [...this.entries.values()]
      .map(({ sumPerSecond, readiness, capacityPerSecond: _, ...score }) => ({
        ...score,
        meanPerSecond: score.steps > 0 ? sumPerSecond / score.steps : 0,
        readiness: [...readiness.values()].map(({ shadowId, readyAtMs, neededAtMs }) => ({
          shadowId,
          readyAtMs,
          neededAtMs,
        })),
      }))
      .sort((a, b) => b.meanPerSecond * b.steps - a.meanPerSecond * a.steps);
  }

  private entry(key: ClientKey): Entry {
    const id = clientKeyToString(key);
    let entry = this.entries.get(id);
    if (!entry) {
      entry = {
        application: key.application,
        client: key.client,
        steps: 0,
        sumPerSecond: 0,
        peakPerSecond: 0,
        peakAtMs: null,
        skillRatio: null,
        scaleOuts: 0,
        scaleIns: 0,
        unservedMinutes: 0,
        readiness: new Map(),
        capacityPerSecond: null,
      };
      this.entries.set(id, entry);
    }
    return entry;
  }
}
