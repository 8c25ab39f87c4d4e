/** What demand is at a step in the long run, before today's deviation from it. */
export interface Baseline {
  observe(index: number, ratePerSecond: number): void;
  /** Requests/s at any step; `NaN` while unknown. */
  at(index: number): number;
}

/** Long against the horizon, short against a change of the level for good. */
const MEAN_STEPS = 1_000;

/** The long mean: no season. */
export class MeanBaseline implements Baseline {
  private meanPerSecond = Number.NaN;
  private count = 0;

  observe(_index: number, ratePerSecond: number): void {
    this.count = Math.min(this.count + 1, MEAN_STEPS);
    this.meanPerSecond =
      this.count === 1
        ? ratePerSecond
        : this.meanPerSecond + (ratePerSecond - this.meanPerSecond) / this.count;
  }

  at(): number {
    return this.meanPerSecond;
  }
}

/** The share of the newest season in the profile, once there are several. */
const NEWEST_SEASON_RATIO = 0.3;
/** A profile has about this many distinct points a day; finer steps are averaged with their neighbours. */
const POINTS_A_SEASON = 96;
/** Averaging is bounded, whatever the season. */
const MAX_HALF_WIDTH_STEPS = 7;

/** The mean of past seasons, newest counting most, smoothed over neighbouring steps where the grid is fine. */
export class ProfileBaseline implements Baseline {
  private readonly profile: Float64Array;
  private readonly halfWidth: number;
  private readonly mean = new MeanBaseline();
  private firstIndex = Number.NaN;
  private lastIndex = Number.NaN;

  constructor(private readonly seasonSteps: number) {
    this.profile = new Float64Array(seasonSteps).fill(Number.NaN);
    this.halfWidth = Math.min(MAX_HALF_WIDTH_STEPS, Math.floor(seasonSteps / POINTS_A_SEASON / 2));
  }

  observe(index: number, ratePerSecond: number): void {
    if (Number.isNaN(this.firstIndex)) this.firstIndex = index;
    this.lastIndex = index;
    this.mean.observe(index, ratePerSecond);
    const slot = index % this.seasonSteps;
    const before = this.profile[slot]!;
    const seasons = 1 + Math.floor((index - this.firstIndex) / this.seasonSteps);
    const share = Math.max(1 / seasons, NEWEST_SEASON_RATIO);
    this.profile[slot] = Number.isNaN(before) ? ratePerSecond : before + share * (ratePerSecond - before);
  }

  /** `NaN` during the first season; the long mean where no season had data. */
  at(index: number): number {
    if (!(this.lastIndex - this.firstIndex >= this.seasonSteps)) return Number.NaN;
    const { profile, halfWidth, seasonSteps } = this;
    let sum = 0;
    let count = 0;
    let slot = (((index - halfWidth) % seasonSteps) + seasonSteps) % seasonSteps;
    for (let i = -halfWidth; i <= halfWidth; i++) {
      const value = profile[slot]!;
      if (!Number.isNaN(value)) {
        sum += value;
        count++;
      }
      if (++slot === seasonSteps) slot = 0;
    }
    return count > 0 ? sum / count : this.mean.at();
  }
}
