// docs/events.md cannot rot: every type has one example there, valid, under its own subject.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Alert, Outcome, ShadowCommand } from '../../src/domain/index.js';
import {
  alertEvent,
  alertSubject,
  commandEvent,
  commandSubject,
  eventSchemas,
  type ForetapEvent,
  ForetapEventSchema,
  reportEvent,
  reportSubject,
} from '../../src/event/index.js';

const text = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');
/** Each section is headed by its subject and holds one event. */
const examples = text
  .split('\n### ')
  .slice(1)
  .map((section) => {
    const [, subject] = /^`(\S+)`\n/.exec(section)!;
    const [, json] = section.split('```json\n');
    return { subject: subject!, event: JSON.parse(json!.split('\n```')[0]!) as ForetapEvent };
  });

/** What the code makes of an example's data. */
function rebuild({ type, data, source }: ForetapEvent): { subject: string; event: ForetapEvent } {
  if (type.includes('.command.')) {
    const command = data as ShadowCommand;
    return { subject: commandSubject(command), event: commandEvent(command, source) };
  }
  if (type.includes('.report.')) {
    const outcome = data as Outcome;
    return { subject: reportSubject(outcome), event: reportEvent(outcome, source) };
  }
  const alert = data as Alert;
  return { subject: alertSubject(alert), event: alertEvent(alert, source) };
}

describe('docs/events.md', () => {
  it('has one example of every type', () => {
    expect(examples.map(({ event }) => event.type).sort()).toEqual(Object.keys(eventSchemas()).sort());
  });

  it.each(examples)('$subject', ({ subject, event }) => {
    expect(ForetapEventSchema.parse(event)).toEqual(event);
    expect(rebuild(event)).toEqual({ subject, event });
  });
});
