/**
 * The latest values of one client on the grid, by absolute step index, in a ring of fixed size. `NaN` is missing, and so is
 * whatever lies before the first observation or beyond the ring.
 */
export class DemandHistory {
  private readonly values: Float64Array;
  private lastIndexSeen = Number.NaN;
  private firstIndexSeen = Number.NaN;

  constructor(readonly capacity: number) {
    this.values = new Float64Array(capacity).fill(Number.NaN);
  }

  /** Index of the last observation; `NaN` before the first. */
  get lastIndex(): number {
    return this.lastIndexSeen;
  }

  /** Index of the first observation; `NaN` before it. */
  get firstIndex(): number {
    return this.firstIndexSeen;
  }

  /** Records an observation later than all before; steps in between become missing. */
  set(index: number, value: number): void {
    if (Number.isNaN(this.firstIndexSeen)) this.firstIndexSeen = index;
    else {
      const firstSkipped = Math.max(this.lastIndexSeen + 1, index - this.capacity + 1);
      for (let skipped = firstSkipped; skipped < index; skipped++) {
        this.values[skipped % this.capacity] = Number.NaN;
      }
    }
    this.values[index % this.capacity] = value;
    this.lastIndexSeen = index;
  }

  /** The value at a step; `NaN` where missing, in the future, or forgotten. */
  at(index: number): number {
    if (!(index <= this.lastIndexSeen && index > this.lastIndexSeen - this.capacity && index >= 0))
      return Number.NaN;
    return this.values[index % this.capacity]!;
  }
}
