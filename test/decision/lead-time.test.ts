import { describe, expect, it } from 'vitest';
import { LeadTimeConfigSchema, LeadTimes } from '../../src/decision/index.js';
import {
  MAX_LEAD_TIME_DRIVERS,
  MAX_LEAD_TIME_SAMPLES,
  MIN_LEAD_TIME_SAMPLES,
} from '../../src/decision/lead-time.js';

describe('LeadTimes', () => {
  it('answers as configured until there are enough measurements, then with their high quantile', () => {
    const leadTimes = new LeadTimes(LeadTimeConfigSchema.parse({ onDemand: '2m' }));
    expect(leadTimes.of('docker').on_demand).toEqual({ leadTimeMs: 120_000, source: 'configured' });
    for (let index = 1; index < MIN_LEAD_TIME_SAMPLES; index++)
      leadTimes.measure('docker', 'on_demand', 1000);
    expect(leadTimes.of('docker').on_demand.source).toBe('configured');
    for (let index = 0; index < 20; index++) leadTimes.measure('docker', 'on_demand', 1000 + index);
    expect(leadTimes.of('docker').on_demand).toEqual({ leadTimeMs: 1017, source: 'measured' });
    expect(leadTimes.of('docker').hot.source).toBe('configured');
    expect(leadTimes.of('process').on_demand.source).toBe('configured');
  });

  it('forgets what a platform was like long ago', () => {
    const leadTimes = new LeadTimes(LeadTimeConfigSchema.parse({}));
    for (let index = 0; index < 50; index++) leadTimes.measure('docker', 'hot', 90_000);
    for (let index = 0; index < MAX_LEAD_TIME_SAMPLES; index++) leadTimes.measure('docker', 'hot', 2_000);
    expect(leadTimes.of('docker').hot.leadTimeMs).toBe(2_000);
  });

  it('is bounded, and counts what did not fit', () => {
    const leadTimes = new LeadTimes(LeadTimeConfigSchema.parse({}));
    for (let index = 0; index < 4 * MAX_LEAD_TIME_DRIVERS; index++) leadTimes.measure(`d${index}`, 'hot', 1);
    expect(leadTimes.overflowCount).toBe(MAX_LEAD_TIME_DRIVERS);
  });
});
