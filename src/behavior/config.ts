import { z } from 'zod';
import { DurationSchema } from '../domain/index.js';

/** The behavioral model's slice of the configuration. */
export const BehaviorConfigSchema = z.strictObject({
  /** Clients modelled at a time; beyond it the idlest is forgotten. */
  maxClients: z.int().positive().default(100_000),
  /** A step captured less well than this is missing, not low. */
  minCoverageRatio: z.number().min(0).max(1).default(0.5),
  /** Step of the demand grid: a multiple of the window step. */
  gridStep: DurationSchema.prefault('1m'),
  /** Demand kept in memory for each client. */
  historyLength: DurationSchema.prefault('7d'),
  /** What is so old weighs half in the profile. */
  halfLife: DurationSchema.prefault('14d'),
  /** Routes and pairs of routes told apart for each client; the rarest of more become `other`. */
  maxRoutes: z.int().min(2).default(64),
  maxTransitions: z.int().min(2).default(256),
  /** Grid values kept over all clients, 8 bytes each; beyond it histories stay as short as they are. */
  maxHistoryValues: z.int().positive().default(33_554_432),
  /** Windows whose step is not closed yet. */
  maxWaitingWindows: z.int().positive().default(1_000_000),
  /** Grid steps completed and not drained yet; of more the oldest are dropped. */
  maxUndrainedSteps: z.int().positive().default(1_000_000),
});
export type BehaviorConfig = z.infer<typeof BehaviorConfigSchema>;
