import { DAY_MS, type DurationMs, WEEK_MS } from '../core/index.js';

export interface Season {
  readonly name: 'day' | 'week';
  readonly steps: number;
}

/** A week of minutes. A longer season would cost more memory a client than it is worth; it is forecast on a coarser grid. */
export const MAX_SEASON_STEPS = 10_080;

/** Fewer steps than this tell nothing about the shape of a season. */
const MIN_SEASON_STEPS = 4;

/** The seasons that fit a grid: a whole number of steps, neither too few nor too many. */
export function seasonsOfGrid(stepMs: DurationMs): Season[] {
  const seasons: Season[] = [
    { name: 'day', steps: DAY_MS / stepMs },
    { name: 'week', steps: WEEK_MS / stepMs },
  ];
  return seasons.filter(
    ({ steps }) => Number.isInteger(steps) && steps >= MIN_SEASON_STEPS && steps <= MAX_SEASON_STEPS,
  );
}
