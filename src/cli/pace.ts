import { setTimeout as sleep } from 'node:timers/promises';
import type { EpochMs } from '../core/index.js';

/** `max`, or a multiple of packet time. */
export type Speed = 'max' | number;

/** Holds a replay back to a multiple of packet time, measured from its first packet. */
export class Pace {
  private firstPacketMs: EpochMs | null = null;
  private startedMs = 0;

  constructor(
    private readonly speed: Speed,
    /** Monotonic time of the process. */
    private readonly nowMs: () => number,
  ) {}

  /** Resolves when the replay may be at `packetTimeMs`; rejects when aborted. */
  async waitFor(packetTimeMs: EpochMs, signal: AbortSignal): Promise<void> {
    if (this.speed === 'max') return;
    if (this.firstPacketMs === null) {
      this.firstPacketMs = packetTimeMs;
      this.startedMs = this.nowMs();
    }
    const dueMs = this.startedMs + (packetTimeMs - this.firstPacketMs) / this.speed;
    const waitMs = dueMs - this.nowMs();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
  }
}
