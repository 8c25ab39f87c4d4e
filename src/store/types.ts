import { DAY_MS, type EpochMs } from '../core/index.js';
import type {
  ClientKey,
  ClientWindow,
  ClosedStep,
  DecisionAction,
  DemandSeries,
  Forecast,
  Notice,
  Outcome,
  ScalingDecision,
  Shadow,
  ShadowCommand,
  ShadowState,
} from '../domain/index.js';

/** A span of time: `fromMs` included, `toMs` excluded. */
export interface TimeRange {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

/** One client of one application over all that is stored. */
export interface ClientSummary extends ClientKey {
  /** Start of the first window, and end of the last. */
  firstSeenMs: EpochMs;
  lastSeenMs: EpochMs;
  windows: number;
  requests: number;
  requestsCorrected: number;
  requestBytes: number;
  responseBytes: number;
}

export interface WindowQuery extends TimeRange {
  /** Without it: all clients. */
  readonly key?: ClientKey;
}

export interface DemandQuery extends TimeRange {
  /** A multiple of the windows' step; `fromMs` is rounded down to it, `toMs` up. */
  readonly gridStepMs: number;
  /** Steps captured less well than this are missing; 0 to 1. */
  readonly minCoverageRatio: number;
}

/**
 * What the clients did. A window is known by (application, client, startMs, stepMs), a closed step by (startMs, stepMs): the same
 * one again changes nothing, so that a sender may repeat what was not acknowledged.
 */
export interface WindowStore {
  /** Takes a batch of the data plane. Resolves when the rows are accepted; {@link Store.flush} makes them durable. */
  appendWindows(windows: readonly ClientWindow[], closedSteps: readonly ClosedStep[]): Promise<void>;
  /** Windows in order of start, application, client; in batches, so that a long range needs no memory of its size. */
  readWindows(query: WindowQuery): AsyncIterable<readonly ClientWindow[]>;
  /** In order of start. */
  readClosedSteps(range: TimeRange): Promise<ClosedStep[]>;
  /** All clients, in order of application and client. */
  listClients(): Promise<ClientSummary[]>;
  /** A client's demand on a coarser grid, by the rule of `toDemandSeries`. */
  readDemand(key: ClientKey, query: DemandQuery): Promise<DemandSeries>;
}

/** What was expected. A forecast is known by its id: the same one again changes nothing. */
export interface ForecastStore {
  appendForecasts(forecasts: readonly Forecast[]): Promise<void>;
  forecastById(id: string): Promise<Forecast | undefined>;
  /** The forecast of a client that was made last. */
  latestForecast(key: ClientKey): Promise<Forecast | undefined>;
  /** Forecasts of a client made in the range, oldest first. */
  readForecasts(key: ClientKey, range: TimeRange): Promise<Forecast[]>;
}

export interface DecisionQuery {
  readonly key?: ClientKey;
  readonly range?: TimeRange;
  readonly action?: DecisionAction;
  /** At most so many, the newest; default: all. */
  readonly limit?: number;
}

export interface ShadowQuery {
  readonly key?: ClientKey;
  /** Only shadows in one of these states; default: any. */
  readonly states?: readonly ShadowState[];
}

/**
 * Every decision with its inputs, and what came of it. Decisions and commands are known by id, outcomes by (commandId, kind, atMs): the
 * same one again changes nothing. A shadow's row is its state now; a later save replaces it.
 */
export interface Ledger {
  appendDecisions(decisions: readonly ScalingDecision[]): Promise<void>;
  decisionById(id: string): Promise<ScalingDecision | undefined>;
  /** Oldest first. */
  listDecisions(query: DecisionQuery): Promise<ScalingDecision[]>;
  saveShadows(shadows: readonly Shadow[]): Promise<void>;
  /** In order of application, client, id. */
  listShadows(query: ShadowQuery): Promise<Shadow[]>;
  appendCommands(commands: readonly ShadowCommand[]): Promise<void>;
  appendOutcomes(outcomes: readonly Outcome[]): Promise<void>;
  /** The commands of a decision, in order of issue. */
  commandsOfDecision(decisionId: string): Promise<ShadowCommand[]>;
  /** What became of a decision's commands, in order of time. */
  outcomesOfDecision(decisionId: string): Promise<Outcome[]>;
}

/** What people and calendars told us. A notice is known by its id: the same one again changes nothing. */
export interface NoticeStore {
  appendNotices(notices: readonly Notice[]): Promise<void>;
  /** Notices that touch the range, in order of start; without a range all of them. */
  listNotices(range?: TimeRange): Promise<Notice[]>;
}

/** A store may keep rows so much longer than asked. */
export const PRUNE_GRANULARITY_MS = DAY_MS;

export interface StoreCounters {
  /** Rows accepted, and those of them that were known already. */
  readonly acceptedRows: number;
  readonly repeatedRows: number;
  /** Rows that the schema refused: a defect, logged with its cause. */
  readonly refusedRows: number;
  /** Rows accepted and not yet durable, and the size of their text. */
  readonly bufferedRows: number;
  readonly bufferedBytes: number;
  readonly flushes: number;
  readonly failedFlushes: number;
}

/**
 * One store behind all ports. Whatever was appended before a read is seen by it. Writing is deferred within a stated bound; when the
 * bound is reached, `append…` waits, and rejects if the store cannot write.
 */
export interface Store extends WindowStore, ForecastStore, Ledger, NoticeStore {
  /** Resolves when everything appended before is durable. */
  flush(): Promise<void>;
  /**
   * Forgets windows, closed steps, forecasts, decisions, commands, outcomes, notices and gone or failed shadows that ended before
   * `beforeMs`. Nothing newer goes; what ended within {@link PRUNE_GRANULARITY_MS} before may stay, since some stores drop whole days.
   */
  prune(beforeMs: EpochMs): Promise<void>;
  counters(): StoreCounters;
  /** Flushes, then lets go of file and connections. Further calls reject; a second close does nothing. */
  close(): Promise<void>;
}
