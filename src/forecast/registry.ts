import { createHoltWinters } from './expert/holt-winters.js';
import { createPersistence } from './expert/persistence.js';
import { createRegressions } from './expert/regression.js';
import { createSeasonalNaive } from './expert/seasonal-naive.js';
import type { ExpertFactory } from './types.js';

/** Every expert of the ensemble: one line each. Persistence is first, because all others are measured against it. */
export const EXPERT_FACTORIES: readonly ExpertFactory[] = [
  createPersistence,
  createSeasonalNaive,
  createRegressions,
  createHoltWinters,
];
