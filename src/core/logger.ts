/** What rooms may ask of a logger; pino satisfies it. Never pass payload, query strings, cookies or credentials. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** For tests and for callers who do not care. */
export const SILENT_LOGGER: Logger = { debug() {}, info() {}, warn() {}, error() {} };
