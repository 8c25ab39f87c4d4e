import type { EpochMs } from '../core/index.js';
import type { ClientWindow, ClosedStep } from '../domain/index.js';

/** Windows that wait for their step to be closed, by start of the step; bounded. */
export class StepQueue {
  private readonly byStart = new Map<EpochMs, ClientWindow[]>();
  /** The starts in the map, latest first: steps come and go in order, so that both ends of the work are cheap. */
  private starts: EpochMs[] = [];
  private isSorted = true;
  private size = 0;
  /** Windows whose step was passed over without being closed. */
  unclosedWindows = 0;
  /** Windows beyond the bound. */
  overflowedWindows = 0;

  constructor(private readonly maxWindows: number) {}

  add(window: ClientWindow): void {
    if (this.size >= this.maxWindows) {
      this.overflowedWindows += 1;
      return;
    }
    this.size += 1;
    const windows = this.byStart.get(window.startMs);
    if (windows) {
      windows.push(window);
    } else {
      this.byStart.set(window.startMs, [window]);
      this.starts.push(window.startMs);
      this.isSorted = false;
    }
  }

  /** The windows of a step; those of earlier steps, which now will never be closed, are let go. */
  take(step: ClosedStep): ClientWindow[] {
    if (!this.isSorted) {
      this.starts.sort((a, b) => b - a);
      this.isSorted = true;
    }
    let taken: ClientWindow[] = [];
    while (this.starts.length > 0 && this.starts.at(-1)! <= step.startMs) {
      const startMs = this.starts.pop()!;
      const windows = this.byStart.get(startMs)!;
      this.byStart.delete(startMs);
      this.size -= windows.length;
      if (startMs === step.startMs) taken = windows.filter((window) => window.stepMs === step.stepMs);
      this.unclosedWindows += windows.length - (startMs === step.startMs ? taken.length : 0);
    }
    return taken;
  }
}
