// In: commands from the bus. Out: resources made, moved and removed by a driver, and reports of it on the bus. It obeys: whether a
// command is wise is not its business, only whether it is new, in time and not overtaken.
export { PROVISIONER_DURABLE, Provisioner, type ProvisionerOptions } from './provisioner.js';
export {
  createResourceDriver,
  type ProvisionConfig,
  ProvisionConfigSchema,
  RESOURCE_DRIVERS,
} from './registry.js';
export type { Order, ResourceDriver, ResourceReport } from './types.js';
