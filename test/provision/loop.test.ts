// The line from decision to outcome in one process, on packet time, as the engine drives it.
import { describe, expect, it } from 'vitest';
import { type EpochMs, MINUTE_MS, NO_METRICS, SILENT_LOGGER } from '../../src/core/index.js';
import {
  type DecisionMemory,
  DecisionPolicySchema,
  decide,
  EMPTY_MEMORY,
  explain,
  LeadTimeConfigSchema,
  LeadTimes,
  policyFor,
  remember,
} from '../../src/decision/index.js';
import {
  type Forecast,
  type Outcome,
  QUANTILE_LEVELS,
  type ScalingDecision,
  type Shadow,
  type ShadowCommand,
} from '../../src/domain/index.js';
import {
  commandEvent,
  commandSubject,
  createBus,
  EventConfigSchema,
  REPORT_PATTERN,
} from '../../src/event/index.js';
import { createResourceDriver, ProvisionConfigSchema, Provisioner } from '../../src/provision/index.js';
import {
  applyOutcome,
  countResources,
  discoverResource,
  leadTimeSample,
  reconcile,
  ShadowPolicySchema,
} from '../../src/shadow/index.js';

const KEY = { application: 'shop', client: '10.0.0.7' };
const START_MS = Date.UTC(2026, 2, 2, 8);
const STEP_MS = MINUTE_MS;
const HORIZON = 30;

/** 40/s, rising from minute 30 by 4/s a minute to 160/s at minute 60, back at 40/s from minute 120 on. */
function demandAt(minute: number): number {
  if (minute <= 30) return 40;
  if (minute <= 60) return 40 + (minute - 30) * 4;
  return minute <= 90 ? 160 : Math.max(40, 160 - (minute - 90) * 4);
}

/** What a forecaster that knows the shape, but only within ± 10 %, would say. */
function forecastAt(minute: number, nowMs: EpochMs): Forecast {
  const rowAt = (perSecond: number) => QUANTILE_LEVELS.map((level) => perSecond * (0.9 + 0.2 * level));
  const rates = Array.from({ length: HORIZON }, (_, step) => demandAt(minute + step + 1));
  return {
    ...KEY,
    id: `fc-${minute}`,
    madeAtMs: nowMs,
    stepMs: STEP_MS,
    quantiles: rates.map(rowAt),
    maxOverLead: { leadMs: 3 * MINUTE_MS, quantiles: rowAt(Math.max(...rates.slice(0, 3))) },
    currentPerSecond: demandAt(minute),
    velocityPerMinute: demandAt(minute) - demandAt(minute - 1),
    accelerationPerMinute2: 0,
    experts: [],
    skillRatio: 0.7,
    historySteps: 500,
  };
}

async function run(minutes: number) {
  const context = { logger: SILENT_LOGGER, metrics: NO_METRICS };
  const bus = createBus(EventConfigSchema.parse({}), context);
  const provisioner = new Provisioner({
    ...context,
    bus,
    driver: createResourceDriver(ProvisionConfigSchema.parse({ dryRun: { onDemand: '2m' } })),
    maxSeenCommands: 1000,
    source: '/foretap/provision',
  });
  const decisionPolicy = policyFor(DecisionPolicySchema.parse({ capacityPerSecond: 125 }), KEY);
  const shadowPolicy = ShadowPolicySchema.parse({});
  const leadTimes = new LeadTimes(LeadTimeConfigSchema.parse({}));
  const shadows = new Map<string, Shadow>();
  const first = discoverResource(KEY, { nowMs: START_MS, capacityPerSecond: 125, zone: 'default' });
  shadows.set(first.id, first);
  const decisions: ScalingDecision[] = [];
  const commands: ShadowCommand[] = [];
  const outcomes: Outcome[] = [];
  let memory: DecisionMemory = EMPTY_MEMORY;

  await provisioner.start();
  await bus.subscribe(REPORT_PATTERN, 'engine', (event) => {
    const outcome = event.data as Outcome;
    outcomes.push(outcome);
    const shadow = shadows.get(outcome.shadowId)!;
    const sample = leadTimeSample(shadow, outcome);
    if (sample !== null) leadTimes.measure('dry-run', sample.tier, sample.elapsedMs);
    shadows.set(shadow.id, applyOutcome(shadow, outcome, shadowPolicy).shadow);
  });
  const step = async (decision: ScalingDecision, nowMs: EpochMs) => {
    const result = reconcile({ decision, shadows: [...shadows.values()], nowMs, policy: shadowPolicy });
    for (const shadow of result.shadows) shadows.set(shadow.id, shadow);
    for (const command of result.commands) {
      await bus.publish(commandSubject(command), commandEvent(command, '/foretap/engine'));
      commands.push(command);
    }
    await bus.drain();
  };
  for (let minute = 0; minute < minutes; minute++) {
    const nowMs = START_MS + minute * STEP_MS;
    const decision = decide(
      {
        ...KEY,
        nowMs,
        observedPerSecond: demandAt(minute),
        forecast: forecastAt(minute, nowMs),
        usual: null,
        notices: [],
        currentResources: countResources([...shadows.values()]),
        quotaLeftResources: null,
        leadTimes: leadTimes.of('dry-run'),
        memory,
      },
      decisionPolicy,
    );
    memory = remember(memory, decision, decisionPolicy);
    decisions.push(decision);
    await step(decision, nowMs);
    await provisioner.advanceTo(nowMs);
    await bus.drain();
    await step(decision, nowMs);
  }
  await provisioner.stop();
  await bus.close();
  return { shadows: [...shadows.values()], decisions, commands, outcomes };
}

describe('a rising and falling demand', () => {
  it('finds a shadow ready before it exceeds the capacity, uses it, and lets it go', async () => {
    const { shadows, decisions, commands, outcomes } = await run(180);
    const [first, shadow, ...others] = shadows;
    expect(others).toEqual([]);
    expect(first!.state).toBe('active');
    expect(shadow!.history.map((entry) => entry.state)).toEqual([
      'planned',
      'provisioning',
      'syncing',
      'ready',
      'shifting',
      'active',
      'cooling',
      'retiring',
      'gone',
    ]);
    const minuteOf = (state: Shadow['state']) =>
      (shadow!.history.find((entry) => entry.state === state)!.atMs - START_MS) / MINUTE_MS;
    const exceededMinute = Array.from({ length: 90 }, (_, m) => m).find((m) => demandAt(m) > 100)!;
    expect(minuteOf('ready')).toBeLessThan(exceededMinute);
    expect(minuteOf('active')).toBeLessThanOrEqual(exceededMinute + 1);
    // It stays as long as the demand does, and a cool-down longer.
    expect(minuteOf('cooling')).toBeGreaterThan(105);
    expect(minuteOf('gone')).toBeGreaterThan(minuteOf('cooling') + 9);
    expect(
      decisions.filter((decision) => decision.action !== 'hold').map((decision) => decision.reason),
    ).toEqual(['predicted_demand', 'demand_fell']);
    const story = explain(
      decisions.find((decision) => decision.action === 'scale_out')!,
      null,
      shadows,
      commands,
      outcomes,
    );
    expect(story).toMatch(
      /was ready at 2026-03-02T08:\d\d:\d\dZ, \d+m\d+s after the decision and \d+s before the demand needed it/,
    );
  });

  it('is the same every time', async () => {
    expect(await run(120)).toEqual(await run(120));
  });
});
