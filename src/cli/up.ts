import { performance } from 'node:perf_hooks';
import { Command, Option } from 'commander';
import { pino } from 'pino';
import { BehaviorModel } from '../behavior/index.js';
import { type Config, loadConfig } from '../config/index.js';
import { type Logger, NO_METRICS, UsageError } from '../core/index.js';
import { type Input, readWindows, type WindowBatch } from '../dataplane/index.js';
import { clientKeyToString } from '../domain/index.js';
import { ScalingEngine } from '../engine/index.js';
import { type Bus, createBus, EVENT_PATTERN, type ForetapEvent } from '../event/index.js';
import { createResourceDriver, Provisioner } from '../provision/index.js';
import { openStore, type Store } from '../store/index.js';
import { formatEvent } from './event-line.js';
import { FaultReport, parseInputs, STORE_OPTION, withStorePath } from './input.js';
import { writeFully } from './output.js';
import { Pace, type Speed } from './pace.js';
import { dropPrivileges } from './privilege.js';
import { Progress } from './progress.js';
import { formatSummary, type SummaryRow } from './summary.js';

export interface LineOptions {
  inputs: Input[];
  speed: Speed;
  config?: string;
  store?: string;
  json?: boolean;
}

/** `foretap up`: the whole line in one process. */
export function createUpCommand(): Command {
  return new Command('up')
    .description(
      'Run everything in one process: read traffic, learn clients, forecast, decide, emit scaling events.',
    )
    .option(
      '--replay <file...>',
      'captures to replay on packet time instead of live traffic; "-" for stdin, "synth:SPEC" for synthetic traffic',
    )
    .option('--interface <name>', 'the mirror port to listen on')
    .addOption(new Option('--speed <speed>', 'of a replay: max, 1x or Nx of packet time').default('max'))
    .option('--config <file>', 'YAML configuration')
    .option(...STORE_OPTION)
    .option('--json', 'events and summary as JSON lines')
    .action(async (options: LineOptions & { replay?: string[]; interface?: string; speed: string }) => {
      const { replay, interface: interfaceName, speed, ...rest } = options;
      if ((replay === undefined) === (interfaceName === undefined)) {
        throw new UsageError(
          'name either a capture or an interface',
          'foretap up --replay FILE, or foretap up --interface eth1.',
        );
      }
      const inputs: Input[] = replay ? parseInputs(replay) : [{ kind: 'interface', name: interfaceName! }];
      await runLine({ ...rest, inputs, speed: parseSpeed(speed) });
    });
}

/** `max`, `1x`, `60x`. Throws {@link UsageError} on anything else. */
export function parseSpeed(text: string): Speed {
  const factor = /^(\d+(?:\.\d+)?)x$/.exec(text)?.[1];
  if (text === 'max') return 'max';
  if (factor !== undefined && Number(factor) > 0) return Number(factor);
  throw new UsageError(
    `"${text}" is not a speed`,
    'Write max, 1x, or another multiple of packet time such as 60x.',
  );
}

/** Runs inputs through the whole line to their end, or until interrupted; then prints the summary. */
export async function runLine(options: LineOptions): Promise<void> {
  const config = loadConfig(options.config ?? null);
  const storeConfig = withStorePath(config.store, options.store);
  const isLive = options.inputs.some((input) => input.kind === 'interface');
  const logger: Logger = pino({ level: 'warn' }, pino.destination(2));
  const stop = new AbortController();
  const windows = readWindows({
    inputs: options.inputs,
    identity: config.identity,
    window: config.window,
    signal: stop.signal,
    ...(options.speed === 'max' ? {} : { maxSpanMs: config.window.stepMs }),
  });
  if (isLive) dropPrivileges(process.env);
  const store = await openStore(storeConfig, logger);
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await new Line(config, options, isLive, store, logger).run(windows, stop.signal);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await store.close();
  }
}

/** The rooms of one process, wired: windows → engine → bus → provisioner, and what the person at the terminal sees of it. */
class Line {
  private readonly bus: Bus;
  private readonly behavior: BehaviorModel;
  private readonly provisioner: Provisioner;
  private readonly engine: ScalingEngine;
  private readonly progress = new Progress(process.stderr, () => performance.now());
  private readonly faults = new FaultReport((text) => {
    this.progress.clear();
    process.stderr.write(text);
  });
  private events = 0;
  private firstPacketMs: number | null = null;

  constructor(
    config: Config,
    private readonly options: LineOptions,
    private readonly isLive: boolean,
    store: Store,
    logger: Logger,
  ) {
    const context = { logger, metrics: NO_METRICS };
    this.bus = createBus(config.event, context);
    this.behavior = new BehaviorModel(config.behavior);
    this.provisioner = new Provisioner({
      ...context,
      bus: this.bus,
      driver: createResourceDriver(config.provision),
      maxSeenCommands: config.provision.maxSeenCommands,
      source: '/foretap/provision',
    });
    this.engine = new ScalingEngine({
      ...context,
      store,
      bus: this.bus,
      behavior: this.behavior,
      engine: config.engine,
      forecast: {
        ...config.forecast,
        stepMs: config.behavior.gridStep,
        leadMs: config.leadTime.priorMs.on_demand,
      },
      decision: config.decision,
      leadTime: config.leadTime,
      shadow: config.shadow,
      retentionMs: isLive ? config.store.retention : null,
      driver: config.provision.driver,
      onTime: (nowMs) => this.provisioner.advanceTo(nowMs),
    });
  }

  async run(windows: AsyncIterable<WindowBatch>, signal: AbortSignal): Promise<void> {
    const pace = new Pace(this.options.speed, () => performance.now());
    await this.provisioner.start();
    await this.engine.start();
    await this.bus.subscribe(EVENT_PATTERN, 'terminal', (event) => this.showEvent(event));
    if (this.isLive) await this.engine.restore(Date.now());
    try {
      for await (const batch of windows) {
        for (const fault of batch.faults) this.faults.add(fault);
        if (batch.progress.packetTimeMs !== null) await pace.waitFor(batch.progress.packetTimeMs, signal);
        await this.engine.observe(batch.windows, batch.closedSteps);
        this.showProgress(batch.progress);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    this.progress.clear();
    await this.engine.stop();
    await this.provisioner.stop();
    await this.bus.close();
    await this.showSummary();
    this.faults.settle();
  }

  private showProgress(progress: WindowBatch['progress']): void {
    const { clients, windows, forecasts } = this.engine.totals();
    const { frames, packetTimeMs } = progress;
    this.firstPacketMs ??= packetTimeMs;
    const doneRatio = doneRatioOf(progress, this.firstPacketMs);
    this.progress.update({
      frames,
      clients,
      windows,
      forecasts,
      events: this.events,
      packetTimeMs,
      doneRatio,
    });
  }

  private async showEvent(event: ForetapEvent): Promise<void> {
    this.events++;
    if (this.options.json) return writeFully(process.stdout, `${JSON.stringify(event)}\n`);
    // Acceptance and health say nothing that the outcome will not say.
    if (event.type.endsWith('.accepted') || event.type.endsWith('.health')) return;
    this.progress.clear();
    const decision = this.engine.lastDecision(event.data);
    await writeFully(process.stdout, `${formatEvent(event, decision)}\n`);
  }

  private async showSummary(): Promise<void> {
    const scores = new Map(this.engine.scorecard.scores().map((score) => [clientKeyToString(score), score]));
    const rows: SummaryRow[] = [...this.behavior.clients()]
      .map((key) => ({
        profile: this.behavior.profile(key)!,
        score: scores.get(clientKeyToString(key)) ?? null,
      }))
      .sort((a, b) => b.profile.requestRate.meanPerSecond - a.profile.requestRate.meanPerSecond);
    if (this.options.json) {
      for (const {
        profile: { application, client, requestRate },
        score,
      } of rows) {
        await writeFully(
          process.stdout,
          `${JSON.stringify({ type: 'summary', application, client, requestRate, score })}\n`,
        );
      }
      return;
    }
    await writeFully(process.stdout, `\n${formatSummary(rows)}`);
  }
}

/** How much of the input is read: by bytes of a file, by packet time of synthetic traffic; `null` where the end is unknown. */
function doneRatioOf(progress: WindowBatch['progress'], firstPacketMs: number | null): number | null {
  const { inputBytesRead, inputBytesTotal, packetTimeMs, endTimeMs } = progress;
  if (inputBytesTotal) return inputBytesRead / inputBytesTotal;
  if (endTimeMs === null || packetTimeMs === null || firstPacketMs === null) return null;
  return Math.min(1, (packetTimeMs - firstPacketMs) / Math.max(1, endTimeMs - firstPacketMs));
}
