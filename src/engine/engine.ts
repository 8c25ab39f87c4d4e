import type { BehaviorModel, GridStep } from '../behavior/index.js';
import { DAY_MS, type DurationMs, type EpochMs, HOUR_MS, type Logger, type Metrics } from '../core/index.js';
import {
  type DecisionConfig,
  decide,
  type LeadTimeConfig,
  LeadTimes,
  memoryOf,
  policyFor,
  remember,
} from '../decision/index.js';
import {
  type Alert,
  type ClientKey,
  type ClientWindow,
  type ClosedStep,
  clientKeyToString,
  type Forecast,
  type Notice,
  type Outcome,
  type ScalingDecision,
  type Shadow,
} from '../domain/index.js';
import {
  alertEvent,
  alertOfDecision,
  alertOfShadow,
  alertSubject,
  type Bus,
  BusFullError,
  commandEvent,
  commandSubject,
  type ForetapEvent,
  REPORT_PATTERN,
  type Subscription,
} from '../event/index.js';
import { ClientForecaster, type ForecastConfig } from '../forecast/index.js';
import {
  applyOutcome,
  countResources,
  discoverResource,
  isHeld,
  isServing,
  leadTimeSample,
  reconcile,
  type ShadowPolicy,
} from '../shadow/index.js';
import type { Store } from '../store/index.js';
import { ClientState } from './client-state.js';
import type { EngineConfig } from './config.js';
import { Scorecard } from './scorecard.js';

/** The name under which the engine takes reports. */
const ENGINE_DURABLE = 'engine';
const EVENT_SOURCE = '/foretap/engine';
/** Notices are looked up, and old rows forgotten, this often. */
const HOUSEKEEPING_INTERVAL_MS = HOUR_MS;
/** Further than any lead time reaches. */
const NOTICE_LOOKAHEAD_MS = DAY_MS;

export interface EngineOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly behavior: BehaviorModel;
  readonly engine: EngineConfig;
  readonly forecast: ForecastConfig;
  readonly decision: DecisionConfig;
  readonly leadTime: LeadTimeConfig;
  readonly shadow: ShadowPolicy;
  /** How long the store keeps rows; `null`: this run forgets nothing, because its time is not the store's (a replay). */
  readonly retentionMs: DurationMs | null;
  /** The resource driver whose lead times count. */
  readonly driver: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Called when packet time has come to `nowMs`, between the orders of a review and its second look; for an in-process provisioner. */
  readonly onTime?: (nowMs: EpochMs) => Promise<void>;
}

/** Totals since the start. */
export interface EngineTotals {
  readonly clients: number;
  readonly windows: number;
  readonly forecasts: number;
  readonly decisions: number;
  readonly commands: number;
}

/**
 * The review loop: each completed step of the demand grid is one tick, at which every client is forecast, decided and
 * reconciled. Deterministic: the same windows give the same events.
 */
export class ScalingEngine {
  readonly scorecard = new Scorecard();
  private readonly states = new Map<string, ClientState>();
  private readonly leadTimes: LeadTimes;
  private notices: readonly Notice[] = [];
  private housekeptMs: EpochMs = Number.NEGATIVE_INFINITY;
  /** Raised in this review and not yet published: a handler of the bus must not wait for the bus. */
  private readonly alerts: Alert[] = [];
  private subscription: Subscription | null = null;
  private windows = 0;
  private forecasts = 0;
  private decisions = 0;
  private commands = 0;

  constructor(private readonly options: EngineOptions) {
    this.leadTimes = new LeadTimes(options.leadTime);
  }

  /** Subscribes to reports. */
  async start(): Promise<void> {
    this.subscription = await this.options.bus.subscribe(REPORT_PATTERN, ENGINE_DURABLE, (event) =>
      this.takeOutcome(event.data as Outcome),
    );
  }

  async stop(): Promise<void> {
    await this.subscription?.unsubscribe();
    this.subscription = null;
  }

  /**
   * Continues where a process before this one ended: learns from stored windows without deciding, and takes over its shadows and what
   * its decisions left to remember. Resolves to the number of windows read.
   */
  async restore(nowMs: EpochMs): Promise<number> {
    const { store, behavior, engine } = this.options;
    const range = { fromMs: Math.max(0, nowMs - engine.restoreHistoryMs), toMs: nowMs };
    const closedSteps = await store.readClosedSteps(range);
    let restored = 0;
    for await (const windows of store.readWindows(range)) {
      const untilMs = windows.at(-1)!.startMs;
      const closed = takeWhile(closedSteps, (step) => step.startMs < untilMs);
      behavior.observe(windows, closed);
      restored += windows.length;
      this.learn(behavior.drainGridSteps());
    }
    behavior.observe([], closedSteps);
    this.learn(behavior.drainGridSteps());
    for (const shadow of await store.listShadows({})) this.stateOf(shadow).put(shadow);
    for (const state of this.states.values()) {
      const decisions = await store.listDecisions({ key: state.key, range });
      state.memory = memoryOf(decisions, state.policy);
      state.lastDecision = decisions.at(-1) ?? null;
    }
    return restored;
  }

  /** Takes a batch of the data plane and reviews every tick that it completes. */
  async observe(windows: readonly ClientWindow[], closedSteps: readonly ClosedStep[]): Promise<void> {
    const { store, behavior } = this.options;
    await store.appendWindows(windows, closedSteps);
    this.windows += windows.length;
    behavior.observe(windows, closedSteps);
    for (const tick of groupByStart(behavior.drainGridSteps())) await this.review(tick[0]!.startMs, tick);
  }

  totals(): EngineTotals {
    const { windows, forecasts, decisions, commands } = this;
    return { clients: this.options.behavior.counters().clients, windows, forecasts, decisions, commands };
  }

  /** What was decided last for a client; `null` before its first review. */
  lastDecision(key: ClientKey): ScalingDecision | null {
    return this.states.get(clientKeyToString(key))?.lastDecision ?? null;
  }

  private learn(steps: readonly GridStep[]): void {
    for (const { key, startMs, ratePerSecond } of steps) {
      this.stateOf(key).forecaster.observe(startMs, ratePerSecond);
    }
  }

  private async review(startMs: EpochMs, steps: readonly GridStep[]): Promise<void> {
    const { bus, onTime, forecast } = this.options;
    const nowMs = startMs + forecast.stepMs;
    await this.housekeep(nowMs);
    this.forgetEvicted(steps);
    const reviewed: ClientState[] = [];
    for (const step of steps) {
      const state = this.stateOf(step.key);
      state.forecaster.observe(step.startMs, step.ratePerSecond);
      if (await this.reviewClient(state, step, nowMs)) reviewed.push(state);
    }
    await bus.drain();
    await onTime?.(nowMs);
    await bus.drain();
    // What the reports have changed may call for the next step at once.
    for (const state of reviewed) await this.reconcileClient(state, nowMs);
    for (const alert of this.alerts.splice(0)) {
      await this.publish(alertSubject(alert), alertEvent(alert, EVENT_SOURCE));
    }
    await bus.drain();
  }

  /** One client's way from demand to commands. `false` where there is nothing to decide from yet. */
  private async reviewClient(state: ClientState, step: GridStep, nowMs: EpochMs): Promise<boolean> {
    const {
      store,
      behavior,
      driver,
      forecast: { stepMs },
    } = this.options;
    const { key, policy } = state;
    if (!state.forecaster.isReady) return false;
    const leadTimes = this.leadTimes.of(driver);
    // One step is the review interval: what is ordered now can only be corrected then.
    const forecast = state.forecaster.forecast(nowMs, leadTimes.on_demand.leadTimeMs + stepMs);
    this.forecasts++;
    const previous = state.lastDecision;
    const decision = decide(
      {
        ...key,
        nowMs,
        observedPerSecond: Number.isNaN(step.ratePerSecond) ? null : step.ratePerSecond,
        forecast,
        usual: this.notices.length > 0 ? (behavior.profile(key) ?? null) : null,
        notices: this.notices,
        currentResources: Math.max(1, countResources(state.shadows)),
        quotaLeftResources: null,
        leadTimes,
        memory: state.memory,
      },
      policy,
    );
    this.decisions++;
    state.memory = remember(state.memory, decision, policy);
    state.lastDecision = decision;
    if (state.shadows.length === 0) await this.discover(state, decision, nowMs);
    await store.appendDecisions([decision]);
    await this.recordForecast(state, forecast, previous, decision);
    const alert = alertOfDecision(decision, previous);
    if (alert) this.alerts.push(alert);
    const serving = state.shadows.filter(isServing).length;
    this.scorecard.observeDemand(key, step.startMs, stepMs, step.ratePerSecond, serving);
    this.scorecard.observeDecision(decision, forecast);
    await this.reconcileClient(state, nowMs);
    return true;
  }

  private async recordForecast(
    state: ClientState,
    forecast: Forecast,
    previous: ScalingDecision | null,
    decision: ScalingDecision,
  ): Promise<void> {
    const isDifferent = decision.action !== 'hold' || decision.reason !== previous?.reason;
    const isDue =
      forecast.madeAtMs - state.lastForecastRecordMs >= this.options.engine.forecastRecordIntervalMs;
    if (!isDifferent && !isDue) return;
    state.lastForecastRecordMs = forecast.madeAtMs;
    await this.options.store.appendForecasts([forecast]);
  }

  /** The resource that has been serving a client all along. */
  private async discover(state: ClientState, decision: ScalingDecision, nowMs: EpochMs): Promise<void> {
    const {
      store,
      shadow: { zone },
    } = this.options;
    const { capacityPerSecond } = decision;
    const resource = discoverResource(state.key, { nowMs, capacityPerSecond, zone });
    state.put(resource);
    await store.saveShadows([resource]);
  }

  /** Shadows are kept before their commands are published: a command that was never sent is repeated after its deadline. */
  private async reconcileClient(state: ClientState, nowMs: EpochMs): Promise<void> {
    const { store, shadow: policy, metrics } = this.options;
    const decision = state.lastDecision;
    if (decision === null) return;
    const { shadows, commands } = reconcile({ decision, shadows: state.shadows, nowMs, policy });
    if (shadows.length === 0 && commands.length === 0) return;
    for (const shadow of shadows) this.keep(state, shadow);
    await store.saveShadows(shadows);
    await store.appendCommands(commands);
    for (const command of commands) {
      await this.publish(commandSubject(command), commandEvent(command, EVENT_SOURCE));
      metrics.add('foretap_engine_commands_total', 1, { verb: command.verb });
      this.commands++;
    }
  }

  /** A full bus is given the time to hand over what waits; then once more. */
  private async publish(subject: string, event: ForetapEvent): Promise<void> {
    const { bus } = this.options;
    try {
      await bus.publish(subject, event);
    } catch (error) {
      if (!(error instanceof BusFullError)) throw error;
      await bus.drain();
      await bus.publish(subject, event);
    }
  }

  private async takeOutcome(outcome: Outcome): Promise<void> {
    const { store, logger, driver, shadow: policy } = this.options;
    const state = this.states.get(clientKeyToString(outcome));
    const shadow = state?.shadow(outcome.shadowId);
    await store.appendOutcomes([outcome]);
    if (!state || !shadow) {
      if (outcome.kind !== 'gone')
        logger.warn({ shadowId: outcome.shadowId, kind: outcome.kind }, 'A report names an unknown shadow');
      return;
    }
    const sample = leadTimeSample(shadow, outcome);
    if (sample) this.leadTimes.measure(driver, sample.tier, sample.elapsedMs);
    const { shadow: after, effect } = applyOutcome(shadow, outcome, policy);
    if (effect === 'stale') return;
    this.keep(state, after);
    await store.saveShadows([after]);
  }

  /** Takes a changed shadow over, and tells those who have to hear of it. */
  private keep(state: ClientState, shadow: Shadow): void {
    const before = state.shadow(shadow.id);
    state.put(shadow);
    if (before?.state === shadow.state) return;
    if (shadow.state === 'ready') {
      const readyAtMs = shadow.history.at(-1)!.atMs;
      const ordinal = state.shadows.filter(
        (other) => isHeld(other) && (isServing(other) || other.id === shadow.id),
      ).length;
      this.scorecard.observeReady(shadow, readyAtMs, ordinal);
    }
    if (!isHeld(shadow)) this.scorecard.observeGone(shadow);
    const alert = alertOfShadow(shadow);
    if (alert) this.alerts.push(alert);
  }

  private async housekeep(nowMs: EpochMs): Promise<void> {
    if (nowMs - this.housekeptMs < HOUSEKEEPING_INTERVAL_MS) return;
    this.housekeptMs = nowMs;
    const { store, retentionMs } = this.options;
    this.notices = await store.listNotices({ fromMs: nowMs, toMs: nowMs + NOTICE_LOOKAHEAD_MS });
    if (retentionMs !== null) await store.prune(nowMs - retentionMs);
  }

  /** A client that behavior has forgotten no longer ticks; what is kept of it here goes too, once nothing runs for it. */
  private forgetEvicted(steps: readonly GridStep[]): void {
    if (this.states.size <= steps.length) return;
    const ticking = new Set(steps.map((step) => clientKeyToString(step.key)));
    for (const [id, state] of this.states) {
      if (!ticking.has(id) && state.shadows.length <= 1) this.states.delete(id);
    }
  }

  private stateOf(key: ClientKey): ClientState {
    const id = clientKeyToString(key);
    let state = this.states.get(id);
    if (!state) {
      const { decision, forecast } = this.options;
      const plainKey = { application: key.application, client: key.client };
      state = new ClientState(
        plainKey,
        policyFor(decision, plainKey),
        new ClientForecaster(plainKey, forecast),
      );
      this.states.set(id, state);
    }
    return state;
  }
}

/** Steps come in order of time; those that begin together are one tick. */
function groupByStart(steps: readonly GridStep[]): GridStep[][] {
  const ticks: GridStep[][] = [];
  for (const step of steps) {
    const last = ticks.at(-1);
    if (last?.[0]?.startMs === step.startMs) last.push(step);
    else ticks.push([step]);
  }
  return ticks;
}

/** Removes and returns the elements at the front that satisfy the predicate. */
function takeWhile<T>(items: T[], predicate: (item: T) => boolean): T[] {
  const end = items.findIndex((item) => !predicate(item));
  return items.splice(0, end < 0 ? items.length : end);
}
