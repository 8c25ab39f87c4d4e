// Reconciliation against a provisioner over a bus that loses, repeats and delays, with an engine that crashes between keeping and
// publishing: whatever happens, nothing is exceeded, and once it stops happening, what is wanted is what there is.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MINUTE_MS, NO_METRICS, SILENT_LOGGER } from '../../src/core/index.js';
import type { Outcome, Shadow, ShadowCommand } from '../../src/domain/index.js';
import {
  type Bus,
  commandEvent,
  commandSubject,
  type EventHandler,
  type ForetapEvent,
} from '../../src/event/index.js';
import { createResourceDriver, ProvisionConfigSchema, Provisioner } from '../../src/provision/index.js';
import {
  applyOutcome,
  countResources,
  isServing,
  reconcile,
  ShadowPolicySchema,
} from '../../src/shadow/index.js';
import { decisionWith, production, START_MS } from '../shadow/samples.js';

type Fate = 'delivered' | 'lost' | 'twice' | 'late';

/** Delivers as its fates have it, in the publisher's call; `late` events come with the next flush. */
class UnreliableBus implements Bus {
  readonly #handlers: { isCommand: boolean; handler: EventHandler }[] = [];
  #late: [string, ForetapEvent][] = [];
  constructor(private readonly nextFate: () => Fate) {}

  async publish(subject: string, event: ForetapEvent): Promise<'published'> {
    const fate = this.nextFate();
    if (fate === 'late') this.#late.push([subject, event]);
    else if (fate !== 'lost') await this.#deliver(subject, event);
    if (fate === 'twice') await this.#deliver(subject, event);
    return 'published';
  }
  async subscribe(pattern: string, _durable: string, handler: EventHandler) {
    this.#handlers.push({ isCommand: pattern.includes('.command.'), handler });
    return { unsubscribe: async () => {} };
  }
  /** The latest first: later events overtake earlier ones. */
  async flush(): Promise<void> {
    const late = this.#late.reverse();
    this.#late = [];
    for (const [subject, event] of late) await this.#deliver(subject, event);
  }
  async drain(): Promise<void> {}
  deadLetters() {
    return [];
  }
  async close(): Promise<void> {}

  async #deliver(subject: string, event: ForetapEvent): Promise<void> {
    for (const { isCommand, handler } of this.#handlers) {
      if (subject.includes('.command.') === isCommand) await handler(event, subject);
    }
  }
}

interface Step {
  readonly advanceMs: number;
  readonly desired: number;
  readonly observed: number | null;
  readonly isCrash: boolean;
  readonly fates: readonly Fate[];
}

const policy = ShadowPolicySchema.parse({ maxResources: 5, suspendAfter: '1m', coolDown: '3m' });

const steps = fc.array(
  fc.record({
    advanceMs: fc.integer({ min: 1, max: 6 * MINUTE_MS }),
    desired: fc.integer({ min: 1, max: 8 }),
    observed: fc.option(fc.integer({ min: 0, max: 500 })),
    isCrash: fc.boolean(),
    fates: fc.array(fc.constantFrom<Fate>('delivered', 'lost', 'twice', 'late'), { maxLength: 12 }),
  }),
  { maxLength: 40 },
);

class World {
  nowMs = START_MS;
  shadows = new Map<string, Shadow>();
  fates: Fate[] = [];
  readonly bus = new UnreliableBus(() => this.fates.shift() ?? 'delivered');
  readonly #driver;
  readonly provisioner: Provisioner;
  /** Resources that the driver has: ordered to be warmed, and not yet reported gone. */
  readonly resources = new Set<string>();
  readonly #lastCommands = new Map<string, ShadowCommand>();

  constructor(failureRatio: number) {
    const config = ProvisionConfigSchema.parse({ dryRun: { failureRatio } });
    const driver = createResourceDriver(config);
    const { resources } = this;
    this.#driver = {
      ...methodsOf(driver),
      async warm(command: ShadowCommand, nowMs: number) {
        resources.add(command.shadowId);
        await driver.warm(command, nowMs);
      },
      async advanceTo(nowMs: number) {
        const reports = await driver.advanceTo(nowMs);
        for (const { kind, command } of reports) if (kind === 'gone') resources.delete(command.shadowId);
        return reports;
      },
    };
    this.provisioner = new Provisioner({
      bus: this.bus,
      driver: this.#driver,
      maxSeenCommands: 10_000,
      source: '/foretap/provision',
      logger: SILENT_LOGGER,
      metrics: NO_METRICS,
    });
    const first = production();
    this.shadows.set(first.id, first);
  }

  async start(): Promise<void> {
    await this.bus.subscribe('foretap.v1.report.>', 'engine', (event) => {
      const outcome = event.data as Outcome;
      const shadow = this.shadows.get(outcome.shadowId);
      if (shadow !== undefined) this.shadows.set(shadow.id, applyOutcome(shadow, outcome, policy).shadow);
    });
    await this.provisioner.start();
  }

  async step({ advanceMs, desired, observed, isCrash, fates }: Step): Promise<void> {
    this.nowMs += advanceMs;
    this.fates = [...fates];
    await this.bus.flush();
    await this.provisioner.advanceTo(this.nowMs);
    const decision = decisionWith({
      id: `dec-${desired}`,
      desiredResources: desired,
      observedPerSecond: observed,
      tier: desired % 2 === 0 ? 'suspended' : 'hot',
    });
    const result = reconcile({ decision, shadows: [...this.shadows.values()], nowMs: this.nowMs, policy });
    for (const shadow of result.shadows) this.shadows.set(shadow.id, shadow);
    this.check(result.commands);
    if (isCrash) return; // what was kept is kept, what was to be published is not
    for (const command of result.commands) {
      await this.bus.publish(commandSubject(command), commandEvent(command, '/foretap/engine'));
    }
  }

  check(commands: readonly ShadowCommand[]): void {
    expect(this.existing().length).toBeLessThanOrEqual(policy.maxResources);
    const serving = [...this.shadows.values()].filter(isServing);
    for (const command of commands) {
      const last = this.#lastCommands.get(command.shadowId);
      expect(command.fencingToken).toBeGreaterThan(last?.fencingToken ?? 0);
      this.#lastCommands.set(command.shadowId, command);
    }
    // One command a shadow, and traffic is never taken from the last that serves.
    expect(new Set(commands.map((command) => command.shadowId)).size).toBe(commands.length);
    if (commands.some((command) => command.verb === 'cool' && command.tier === 'hot')) {
      expect(serving.length).toBeGreaterThan(0);
    }
  }

  existing(): Shadow[] {
    return [...this.shadows.values()].filter((shadow) => shadow.state !== 'gone');
  }
}

function methodsOf(driver: ReturnType<typeof createResourceDriver>) {
  return {
    warm: driver.warm.bind(driver),
    shift: driver.shift.bind(driver),
    resize: driver.resize.bind(driver),
    cool: driver.cool.bind(driver),
    retire: driver.retire.bind(driver),
    throttle: driver.throttle.bind(driver),
    advanceTo: driver.advanceTo.bind(driver),
    close: driver.close.bind(driver),
  };
}

describe('decision, reconciliation and provisioning', () => {
  it('converge after any interleaving of ticks, losses, repeats, delays and crashes', async () => {
    const scenario = fc.record({
      steps,
      desired: fc.integer({ min: 1, max: 4 }),
      failureRatio: fc.constantFrom(0, 0.3),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ steps, desired, failureRatio }) => {
        const world = new World(failureRatio);
        await world.start();
        for (const step of steps) await world.step(step);
        const observed = desired * 80 - 10; // needs all of them to serve
        const calm = { advanceMs: MINUTE_MS, desired, observed, isCrash: false, fates: [] };
        const isSettled = () =>
          countResources(world.existing()) === desired &&
          world.existing().every((shadow) => shadow.state === 'active' && shadow.step === null);
        let ticks = 0;
        while (!isSettled() && ticks++ < 2000) await world.step(calm);
        expect(world.existing().map((shadow) => shadow.state)).toEqual(Array(desired).fill('active'));
        // No orphan: what exists at the driver is what the engine knows.
        const known = world.existing().map((shadow) => shadow.id);
        expect([...world.resources].filter((id) => !known.includes(id))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
