import type { DemandHistory } from '../demand-history.js';
import type { Season } from '../season.js';
import type { Expert, ExpertContext } from '../types.js';

/** Demand is what it was one season before; where that is missing, in the nearest season that has it, else what it was last. */
class SeasonalNaive implements Expert {
  readonly name: string;

  constructor(
    private readonly season: Season,
    private readonly history: DemandHistory,
  ) {
    this.name = `seasonal-${season.name}`;
  }

  observe(): void {
    // The shared history is all it remembers.
  }

  forecast(firstAhead: number, out: Float64Array): boolean {
    const { lastIndex, firstIndex } = this.history;
    if (!(lastIndex + firstAhead - this.season.steps >= firstIndex)) return false;
    const oldestIndex = Math.max(firstIndex, lastIndex - this.history.capacity + 1);
    const lastPerSecond = this.history.at(lastIndex);
    for (let i = 0; i < out.length; i++) {
      const ahead = firstAhead + i;
      let index = lastIndex + ahead - this.season.steps * Math.ceil(ahead / this.season.steps);
      let value = this.history.at(index);
      while (Number.isNaN(value) && index - this.season.steps >= oldestIndex) {
        index -= this.season.steps;
        value = this.history.at(index);
      }
      out[i] = Number.isNaN(value) ? lastPerSecond : value;
    }
    return true;
  }
}

export function createSeasonalNaive({ seasons, history }: ExpertContext): Expert[] {
  return seasons.map((season) => new SeasonalNaive(season, history));
}
