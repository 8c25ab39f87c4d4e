import type { Histogram } from '../domain/index.js';
import { bucketIndexOf } from './histogram.js';

/** Buckets beyond these are counted in the outermost: 2⁻³² … 2⁶⁴ leaves nothing out that a network can show. */
const MIN_INDEX = -256;
const MAX_INDEX = 511;

/** An exponential histogram of weighted values, so that older ones can weigh less. */
export class DecayedHistogram {
  private zeroWeight = 0;
  private offset = 0;
  private weights = new Float64Array(0);

  add(histogram: Histogram, weight: number): void {
    this.zeroWeight += histogram.zeroCount * weight;
    const { counts, offset } = histogram;
    if (counts.length === 0) return;
    this.cover(clampIndex(offset), clampIndex(offset + counts.length - 1));
    for (let i = 0; i < counts.length; i += 1) {
      this.weights[clampIndex(offset + i) - this.offset]! += counts[i]! * weight;
    }
  }

  addValue(value: number, weight: number): void {
    if (value <= 0) {
      this.zeroWeight += weight;
      return;
    }
    const index = clampIndex(bucketIndexOf(value));
    this.cover(index, index);
    this.weights[index - this.offset]! += weight;
  }

  multiply(factor: number): void {
    this.zeroWeight *= factor;
    for (let i = 0; i < this.weights.length; i += 1) this.weights[i]! *= factor;
  }

  /** Weights × `factor`, as whole counts, without empty buckets at the ends. */
  toHistogram(factor: number): Histogram {
    const counts = Array.from(this.weights, (weight) => Math.round(weight * factor));
    const first = counts.findIndex((count) => count > 0);
    const last = counts.findLastIndex((count) => count > 0);
    const zeroCount = Math.round(this.zeroWeight * factor);
    if (first < 0) return { zeroCount, offset: 0, counts: [] };
    return { zeroCount, offset: this.offset + first, counts: counts.slice(first, last + 1) };
  }

  /** Makes room for the buckets `first` to `last`. */
  private cover(first: number, last: number): void {
    const end = this.offset + this.weights.length;
    if (this.weights.length > 0 && first >= this.offset && last < end) return;
    const isEmpty = this.weights.length === 0;
    const offset = isEmpty ? first : Math.min(first, this.offset);
    const length = (isEmpty ? last + 1 : Math.max(last + 1, end)) - offset;
    const weights = new Float64Array(length);
    if (!isEmpty) weights.set(this.weights, this.offset - offset);
    this.weights = weights;
    this.offset = offset;
  }
}

function clampIndex(index: number): number {
  return Math.min(Math.max(index, MIN_INDEX), MAX_INDEX);
}
