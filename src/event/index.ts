// In: commands, outcomes and alerts. Out: the same as CloudEvents on versioned subjects, on whichever bus is configured, and the
// JSON Schemas that describe them. Knows nothing of why a command was given or how it is carried out.
export {
  type AlertEvent,
  alertEvent,
  alertOfDecision,
  alertOfShadow,
  type CloudEvent,
  type CommandEvent,
  commandEvent,
  eventSchemas,
  type ForetapEvent,
  ForetapEventSchema,
  type ReportEvent,
  reportEvent,
} from './envelope.js';
export { BUS_DRIVERS, createBus, type EventConfig, EventConfigSchema } from './registry.js';
export {
  ALERT_PATTERN,
  alertSubject,
  COMMAND_PATTERN,
  commandSubject,
  decodeToken,
  EVENT_PATTERN,
  EVENT_ROOT,
  encodeToken,
  isSubjectMatch,
  REPORT_PATTERN,
  reportSubject,
} from './subject.js';
export * from './types.js';
