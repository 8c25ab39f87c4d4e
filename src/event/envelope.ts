import { z } from 'zod';
import { createId } from '../core/index.js';
import {
  ALERT_KINDS,
  Alert,
  COMMAND_VERBS,
  OUTCOME_KINDS,
  Outcome,
  type ScalingDecision,
  type Shadow,
  ShadowCommand,
} from '../domain/index.js';
import { EVENT_ROOT } from './subject.js';

/** The attributes of CloudEvents 1.0 that every event of ours carries (structured mode, JSON). */
const ENVELOPE = {
  specversion: z.literal('1.0'),
  /** Unique for the source; a repeated event has the id of the first. */
  id: z.string().min(1),
  /** The process that it comes from, a URI reference: `/foretap/engine`. */
  source: z.string().min(1),
  /** `<application>/<client>`, as they are. */
  subject: z.string().min(1),
  /** Packet time on a replay. */
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
};

function schemaOf<const Type extends string, Data extends z.ZodType>(type: Type, data: Data) {
  return z.strictObject({ ...ENVELOPE, type: z.literal(type), data });
}

function schemasOf<const Name extends string, Data extends z.ZodType>(
  family: string,
  names: readonly Name[],
  dataOf: (name: Name) => Data,
) {
  return names.map((name) => schemaOf(`${EVENT_ROOT}.${family}.${name}`, dataOf(name)));
}

const SCHEMAS = [
  ...schemasOf('command', COMMAND_VERBS, (verb) => ShadowCommand.extend({ verb: z.literal(verb) })),
  ...schemasOf('report', OUTCOME_KINDS, (kind) => Outcome.extend({ kind: z.literal(kind) })),
  ...schemasOf('alert', ALERT_KINDS, (kind) => Alert.extend({ kind: z.literal(kind) })),
];

/** Any event of ours. Parse with it what comes from outside the process; inside, the types suffice. */
export const ForetapEventSchema = z.union(SCHEMAS);

/** One CloudEvents 1.0 envelope. */
export interface CloudEvent<Data> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  /** `foretap.v1.command.warm`, `foretap.v1.report.ready`, … */
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Data;
}
export type CommandEvent = CloudEvent<ShadowCommand>;
export type ReportEvent = CloudEvent<Outcome>;
export type AlertEvent = CloudEvent<Alert>;
export type ForetapEvent = CommandEvent | ReportEvent | AlertEvent;

/** A command as an event; its id is the command's. */
export function commandEvent(command: ShadowCommand, source: string): CommandEvent {
  return envelop(`command.${command.verb}`, command.id, command.issuedAtMs, command, source);
}

/** An outcome as an event; the same outcome gives the same id. */
export function reportEvent(outcome: Outcome, source: string): ReportEvent {
  const id = createId('rep', outcome.commandId, outcome.shadowId, outcome.kind, outcome.atMs);
  return envelop(`report.${outcome.kind}`, id, outcome.atMs, outcome, source);
}

/** An alert as an event; the same alert gives the same id. */
export function alertEvent(alert: Alert, source: string): AlertEvent {
  const id = createId('alr', alert.aboutId, alert.kind, alert.atMs);
  return envelop(`alert.${alert.kind}`, id, alert.atMs, alert, source);
}

function envelop<Data extends { application: string; client: string }>(
  type: string,
  id: string,
  atMs: number,
  data: Data,
  source: string,
): CloudEvent<Data> {
  return {
    specversion: '1.0',
    id,
    source,
    type: `${EVENT_ROOT}.${type}`,
    subject: `${data.application}/${data.client}`,
    time: new Date(atMs).toISOString(),
    datacontenttype: 'application/json',
    data,
  };
}

/**
 * The alert that a decision calls for, if it does: a cap holds capacity back, or demand is no longer seen. Only the first of a row
 * of decisions with the same reason does; `previous` is the client's decision before.
 */
export function alertOfDecision(decision: ScalingDecision, previous: ScalingDecision | null): Alert | null {
  const { application, client, reason, id: aboutId, decidedAtMs: atMs, desiredResources } = decision;
  if (reason !== 'capped_by_quota' && reason !== 'capped_by_budget' && reason !== 'missing_data') return null;
  if (previous?.reason === reason) return null;
  const chosen = decision.alternatives.find((alternative) => alternative.isChosen);
  const message = `Client ${client} of ${application} stays at ${desiredResources} resources: ${chosen?.because ?? reason}.`;
  return { application, client, kind: reason, atMs, aboutId, message };
}

/** The alert that a failed shadow calls for; `null` for one that has not failed. */
export function alertOfShadow(shadow: Shadow): Alert | null {
  const { application, client, id: aboutId } = shadow;
  const failed = shadow.history.findLast((entry) => entry.state === 'failed');
  if (shadow.state !== 'failed' || failed === undefined) return null;
  const message = `Shadow ${aboutId} of client ${client} of ${application} was given up: ${shadow.failureReason}.`;
  return { application, client, kind: 'shadow_failed', atMs: failed.atMs, aboutId, message };
}

/** JSON Schemas (2020-12) of all events by type, generated from the schemas that the code itself uses. */
export function eventSchemas(): Record<string, object> {
  return Object.fromEntries(
    SCHEMAS.map((schema) => [schema.shape.type.value, z.toJSONSchema(schema, { target: 'draft-2020-12' })]),
  );
}
