import { z } from 'zod';
import { createDryRunDriver, DryRunConfigSchema } from './drivers/dry-run/index.js';
import type { ResourceDriver } from './types.js';

/** The slice `provision` of the configuration. */
export const ProvisionConfigSchema = z.strictObject({
  driver: z.enum(['dry-run']).prefault('dry-run'),
  /** Commands that are remembered to recognize repeats; as many shadows, to recognize older tokens. */
  maxSeenCommands: z.int().min(1).prefault(16_384),
  dryRun: DryRunConfigSchema.prefault({}),
});
export type ProvisionConfig = z.infer<typeof ProvisionConfigSchema>;

/** One line a driver; the names are those of the folders in `drivers/`. */
export const RESOURCE_DRIVERS: Readonly<
  Record<ProvisionConfig['driver'], (config: ProvisionConfig) => ResourceDriver>
> = {
  'dry-run': (config) => createDryRunDriver(config.dryRun),
};

export function createResourceDriver(config: ProvisionConfig): ResourceDriver {
  return RESOURCE_DRIVERS[config.driver](config);
}
