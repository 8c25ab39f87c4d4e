import type { Expert, ExpertContext } from '../types.js';

/** The name every other expert is measured against. */
export const PERSISTENCE = 'persistence';

/** Demand stays what it was in the last step. Has an answer from the first observation on. */
class Persistence implements Expert {
  readonly name = PERSISTENCE;
  private lastPerSecond = Number.NaN;

  observe(_index: number, ratePerSecond: number): void {
    this.lastPerSecond = ratePerSecond;
  }

  forecast(_firstAhead: number, out: Float64Array): boolean {
    out.fill(this.lastPerSecond);
    return !Number.isNaN(this.lastPerSecond);
  }
}

export function createPersistence(_context: ExpertContext): Expert[] {
  return [new Persistence()];
}
