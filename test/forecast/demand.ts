import { DAY_MS, type EpochMs, HOUR_MS } from '../../src/core/index.js';

/** Uniform numbers in [0, 1), the same for the same seed (Park, Miller 1988). */
export function createRandom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state - 1) / 2_147_483_646;
  };
}

/** About normal, mean 0, deviation 1: the sum of twelve uniform numbers. */
export function createNormal(seed: number): () => number {
  const random = createRandom(seed);
  return () => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);
}

/** A Monday, 00:00 UTC. */
export const START_MS: EpochMs = Date.UTC(2026, 2, 2);

/** Demand with a daily pattern between 10 and 90 requests/s and noise of deviation 2, by the hour. */
export function dailyDemand(hours: number, seed = 1): number[] {
  const normal = createNormal(seed);
  return Array.from({ length: hours }, (_, hour) =>
    Math.max(0, 50 - 40 * Math.cos((2 * Math.PI * hour * HOUR_MS) / DAY_MS) + 2 * normal()),
  );
}

/** A random walk that stays above zero. */
export function randomWalk(steps: number, seed = 1): number[] {
  const normal = createNormal(seed);
  let level = 1_000;
  return Array.from({ length: steps }, () => {
    level = Math.abs(level + 10 * normal());
    return level;
  });
}
