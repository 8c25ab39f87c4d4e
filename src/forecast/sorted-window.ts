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

  /** Adds a finite number; the oldest leaves when the window is full. Two binary searches and one block move. */
  push(value: number): void {
    const { arrivals, sorted, capacity } = this;
    const isFull = this.filled === capacity;
    // The value that leaves still holds its place while the new one looks for its own: the array stays in order.
    const freed = isFull ? this.placeOf(arrivals[this.next]!) : this.filled;
    const place = this.placeOf(value);
    if (!isFull) this.filled++;
    if (place <= freed) sorted.copyWithin(place + 1, place, freed);
    else sorted.copyWithin(freed, freed + 1, place);
    sorted[place <= freed ? place : place - 1] = value;
    arrivals[this.next] = value;
    this.next = (this.next + 1) % capacity;
  }

  /** Writes the empirical quantiles at ascending `levels` to `out`; the window must not be empty. */
  writeQuantiles(levels: readonly number[], out: Float64Array): void {
    for (let i = 0; i < levels.length; i++) out[i] = quantileOfSorted(this.sorted, this.filled, levels[i]!);
  }

  /** Empirical quantile; the window must not be empty. */
  quantile(level: number): number {
    return quantileOfSorted(this.sorted, this.filled, level);
  }

  /** First place whose value is not less than `value`. */
  private placeOf(value: number): number {
    const { sorted } = this;
    let low = 0;
    let high = this.filled;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
