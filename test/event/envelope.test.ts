import { describe, expect, it } from 'vitest';
import type { ScalingDecision } from '../../src/domain/index.js';
import {
  alertEvent,
  alertOfDecision,
  alertOfShadow,
  eventSchemas,
  ForetapEventSchema,
  reportEvent,
} from '../../src/event/index.js';
import { outcomeWith } from '../conformance/bus.js';
import { decisionWith, shadowIn } from '../shadow/samples.js';

describe('the envelope', () => {
  const event = reportEvent(outcomeWith(), '/foretap/test');

  it('is a CloudEvent, the same for the same outcome', () => {
    expect(event).toMatchObject({
      specversion: '1.0',
      type: 'foretap.v1.report.ready',
      subject: 'shop.example.com:443/10.0.0.7',
      time: '2026-03-02T12:00:00.000Z',
    });
    expect(reportEvent(outcomeWith(), '/foretap/test').id).toBe(event.id);
    expect(reportEvent(outcomeWith({ atMs: 0 }), '/foretap/test').id).not.toBe(event.id);
  });

  it.each([
    ['an unknown type', { ...event, type: 'foretap.v1.report.exploded' }],
    ['a type that its data contradicts', { ...event, type: 'foretap.v1.report.gone' }],
    ['another version of CloudEvents', { ...event, specversion: '0.3' }],
    ['a time that is none', { ...event, time: 'noon' }],
    ['an attribute that we do not know', { ...event, colour: 'red' }],
    ['missing data', { ...event, data: { ...event.data, commandId: undefined } }],
  ])('is refused with %s', (_name, wrong) => expect(ForetapEventSchema.safeParse(wrong).success).toBe(false));
});

describe('eventSchemas', () => {
  it('describes every type for readers in any language', () => {
    const schemas = eventSchemas();
    expect(Object.keys(schemas)).toHaveLength(18);
    expect(schemas['foretap.v1.command.warm']).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      additionalProperties: false,
      properties: {
        specversion: { const: '1.0' },
        type: { const: 'foretap.v1.command.warm' },
        data: { properties: { verb: { const: 'warm' } } },
      },
    });
  });
});

describe('alerts', () => {
  const capped: ScalingDecision = decisionWith({
    reason: 'capped_by_quota',
    alternatives: [
      {
        policy: 'reactive',
        targetPerSecond: 300,
        resources: 1,
        expectedCost: 1,
        isChosen: true,
        because: 'the quota allows 1',
      },
    ],
  });

  it('are raised once for a row of decisions with the same reason', () => {
    const alert = alertOfDecision(capped, decisionWith())!;
    expect(alert.message).toBe('Client 10.0.0.7 of shop stays at 1 resources: the quota allows 1.');
    expect(ForetapEventSchema.safeParse(alertEvent(alert, '/foretap/engine')).success).toBe(true);
    expect(alertOfDecision(capped, capped)).toBeNull();
    expect(alertOfDecision(capped, null)).not.toBeNull();
    expect(alertOfDecision(decisionWith(), null)).toBeNull();
  });

  it('tell of a shadow that was given up, and of no other', () => {
    expect(alertOfShadow(shadowIn('failed'))).toMatchObject({ kind: 'shadow_failed', aboutId: 'shd-failed' });
    expect(alertOfShadow(shadowIn('ready'))).toBeNull();
  });
});
