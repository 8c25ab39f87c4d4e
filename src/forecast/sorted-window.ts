import { quantileOfSorted } from './quantile.js';

/** The last `capacity` numbers, kept both in order of arrival and of size, so that any quantile is one look-up. */
export class SortedWindow {
  private readonly arrivals: Float64Array;
  private readonly sorted: Float64Array;
  private next = 0;
  private filled = 0;

  constructor(readonly capacity: number) {
    this.arrivals = new Float64Array(capacity);
    this.sorted = new Float64Array(capacity);
  }

  get count(): number {
    return this.filled;
  }

  /** Adds a finite number; the oldest leaves when the window is full. O(capacity) moves of neighbours in one array. */
  push(value: number): void {
    const { arrivals, sorted, capacity } = this;
    let slot: number;
    if (this.filled === capacity) slot = this.indexOf(arrivals[this.next]!);
    else slot = this.filled++;
    // The freed slot travels to the place of the new value; only what lies between moves.
    while (slot > 0 && sorted[slot - 1]! > value) {
      sorted[slot] = sorted[slot - 1]!;
      slot--;
    }
    while (slot < this.filled - 1 && sorted[slot + 1]! < value) {
      sorted[slot] = sorted[slot + 1]!;
      slot++;
    }
    sorted[slot] = value;
    arrivals[this.next] = value;
    this.next = (this.next + 1) % capacity;
  }

  /** Empirical quantile; the window must not be empty. */
  quantile(level: number): number {
    return quantileOfSorted(this.sorted, this.filled, level);
  }

  private indexOf(value: number): number {
    let low = 0;
    let high = this.filled - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
