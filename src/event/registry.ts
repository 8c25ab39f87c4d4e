import { z } from 'zod';
import { createLocalBus, LocalBusConfigSchema } from './drivers/local/index.js';
import type { Bus, BusContext } from './types.js';

/** The slice `event` of the configuration. */
export const EventConfigSchema = z.strictObject({
  driver: z.enum(['local']).prefault('local'),
  local: LocalBusConfigSchema.prefault({}),
});
export type EventConfig = z.infer<typeof EventConfigSchema>;

/** One line a driver; the names are those of the folders in `drivers/`. */
export const BUS_DRIVERS: Readonly<
  Record<EventConfig['driver'], (config: EventConfig, context: BusContext) => Bus>
> = {
  local: (config, context) => createLocalBus(config.local, context),
};

export function createBus(config: EventConfig, context: BusContext): Bus {
  return BUS_DRIVERS[config.driver](config, context);
}
