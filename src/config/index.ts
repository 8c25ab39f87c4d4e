// One YAML file → one frozen configuration. Joins the slices that each room declares beside its code; what a slice means is
// the room's business. Nothing after this reads a configuration file.
export { ConfigError, loadConfig, parseConfig } from './load.js';
export { type Config, ConfigSchema } from './schema.js';
