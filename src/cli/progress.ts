import type { WriteStream } from 'node:tty';
import { msToIso } from '../core/index.js';

/** What a run has done so far. Totals since its start. */
export interface ProgressState {
  frames: number;
  clients: number;
  windows: number;
  forecasts: number;
  events: number;
  /** Packet time reached; `null` before the first frame. */
  packetTimeMs: number | null;
  /** Share of the input consumed, 0–1; `null` where its size is unknown. */
  doneRatio: number | null;
}

const REDRAW_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 5_000;

/**
 * Shows how far a run is, on stderr: one line redrawn in place on a terminal, a plain line every few seconds
 * elsewhere. `write` puts a line of output above the progress line.
 */
export class Progress {
  private lastShownMs: number;
  private isLineDrawn = false;

  constructor(
    private readonly stream: WriteStream,
    /** Monotonic time of the process, for pacing the display and the rate. */
    private readonly nowMs: () => number,
  ) {
    this.startedMs = nowMs();
    this.lastShownMs = this.startedMs;
  }

  private readonly startedMs: number;

  update(state: ProgressState): void {
    const nowMs = this.nowMs();
    const intervalMs = this.stream.isTTY ? REDRAW_INTERVAL_MS : PLAIN_INTERVAL_MS;
    if (nowMs - this.lastShownMs < intervalMs) return;
    this.lastShownMs = nowMs;
    const line = formatProgress(state, nowMs - this.startedMs);
    if (this.stream.isTTY) {
      this.stream.write(`\r\x1b[2K${line.slice(0, (this.stream.columns ?? 80) - 1)}`);
      this.isLineDrawn = true;
    } else {
      this.stream.write(`${line}\n`);
    }
  }

  /** Takes the progress line away, so that other output starts on a clean line. */
  clear(): void {
    if (!this.isLineDrawn) return;
    this.stream.write('\r\x1b[2K');
    this.isLineDrawn = false;
  }
}

/** `2026-03-05T11:40:00Z  62 %  1.21 M packets (1.9 M/s)  8 clients  40.1 k windows  57.0 k forecasts  12 events`. */
export function formatProgress(state: ProgressState, elapsedMs: number): string {
  const framesPerSecond = elapsedMs > 0 ? (state.frames * 1_000) / elapsedMs : 0;
  return [
    state.packetTimeMs === null ? 'waiting for packets' : msToIso(state.packetTimeMs),
    state.doneRatio === null ? '' : `${Math.floor(state.doneRatio * 100)} %`,
    `${formatCount(state.frames)} packets (${formatCount(framesPerSecond)}/s)`,
    `${formatCount(state.clients)} clients`,
    `${formatCount(state.windows)} windows`,
    `${formatCount(state.forecasts)} forecasts`,
    `${formatCount(state.events)} events`,
  ]
    .filter((part) => part !== '')
    .join('  ');
}

/** Three significant digits and a metric prefix: `1.21 M`; whole numbers below a thousand. */
export function formatCount(count: number): string {
  const prefixes = ['', 'k', 'M', 'G', 'T'];
  let value = count;
  let index = 0;
  while (value >= 999.5 && index < prefixes.length - 1) {
    value /= 1_000;
    index++;
  }
  if (index === 0) return String(Math.round(value));
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${prefixes[index]}`;
}
