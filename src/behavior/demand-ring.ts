/** What all rings together may still take, in values. */
export interface HistoryBudget {
  remaining: number;
  /** Times that a ring wanted to grow and could not. */
  refusals: number;
}

const INITIAL_CAPACITY = 64;

/** The latest values of one client's demand: grows by doubling up to its bound or the budget's end, then the oldest give way. */
export class DemandRing {
  private values = new Float64Array(0);
  private head = 0;
  private count = 0;

  constructor(
    private readonly maxValues: number,
    private readonly budget: HistoryBudget,
  ) {}

  push(value: number): void {
    if (this.count === this.values.length) this.grow();
    if (this.values.length === 0) return;
    this.values[(this.head + this.count) % this.values.length] = value;
    if (this.count < this.values.length) this.count += 1;
    else this.head = (this.head + 1) % this.values.length;
  }

  /** Oldest first. */
  toArray(): Float64Array {
    const result = new Float64Array(this.count);
    const tail = this.values.subarray(this.head, Math.min(this.head + this.count, this.values.length));
    result.set(tail);
    result.set(this.values.subarray(0, this.count - tail.length), tail.length);
    return result;
  }

  /** Gives its room back to the budget; the ring is empty then. */
  release(): void {
    this.budget.remaining += this.values.length;
    this.values = new Float64Array(0);
    this.head = 0;
    this.count = 0;
  }

  private grow(): void {
    const capacity = Math.min(this.maxValues, Math.max(INITIAL_CAPACITY, this.values.length * 2));
    const extra = capacity - this.values.length;
    if (extra <= 0) return;
    if (extra > this.budget.remaining) {
      this.budget.refusals += 1;
      return;
    }
    this.budget.remaining -= extra;
    const values = new Float64Array(capacity);
    values.set(this.toArray());
    this.values = values;
    this.head = 0;
  }
}
