// Nouns with every field filled, for tests of what keeps them. Numbers are chosen to survive only an exact store.
import {
  type ClientKey,
  ClientWindow,
  Forecast,
  Notice,
  Outcome,
  QUANTILE_LEVELS,
  ScalingDecision,
  Shadow,
  ShadowCommand,
} from '../../src/domain/index.js';

export const KEY: ClientKey = { application: 'shop', client: '10.0.0.7' };
export const STEP_MS = 10_000;
/** 2026-03-02T00:00:00Z, a Monday. */
export const START_MS = 1_772_409_600_000;

const quantiles = QUANTILE_LEVELS.map((level) => level / 3);

export function sampleWindow(index: number, change: Partial<ClientWindow> = {}): ClientWindow {
  return ClientWindow.parse({
    ...KEY,
    startMs: START_MS + index * STEP_MS,
    stepMs: STEP_MS,
    requests: 30 + index,
    requestsCorrected: (30 + index) / 0.9,
    coverageRatio: 0.9,
    statuses: { informational: 1, success: 20, redirection: 2, clientError: 4, serverError: 3 },
    unansweredRequests: 1,
    orphanAnswers: 2,
    newConnections: 3,
    requestBytes: 12_345,
    responseBytes: 987_654,
    latencyUs: { zeroCount: 0, offset: 70, counts: [1, 0, 29] },
    requestSizeBytes: { zeroCount: 1, offset: -3, counts: [29] },
    responseSizeBytes: { zeroCount: 30, offset: 0, counts: [] },
    routes: [
      { route: 'GET /users/{id}/orders', requests: 20, clientErrors: 4, serverErrors: 0 },
      { route: 'other', requests: 10, clientErrors: 0, serverErrors: 3 },
    ],
    transitions: [{ from: 'GET /users/{id}/orders', to: 'other', count: 9 }],
    ...change,
  });
}

export function closedSteps(from: number, to: number, coverageRatio = 1) {
  return Array.from({ length: to - from }, (_, index) => ({
    startMs: START_MS + (from + index) * STEP_MS,
    stepMs: STEP_MS,
    coverageRatio,
  }));
}

export function sampleForecast(id: string, madeAtMs: number, change: Partial<Forecast> = {}): Forecast {
  return Forecast.parse({
    ...KEY,
    id,
    madeAtMs,
    stepMs: 60_000,
    quantiles: [quantiles, quantiles.map((value) => value * 2)],
    maxOverLead: { leadMs: 120_000, quantiles },
    currentPerSecond: 0.1 + 0.2,
    velocityPerMinute: -1e-9,
    accelerationPerMinute2: 3,
    experts: [{ expert: 'persistence', weightRatio: 1, pinballLoss: null, isDemoted: false }],
    skillRatio: null,
    historySteps: 4,
    ...change,
  });
}

export function sampleDecision(
  id: string,
  decidedAtMs: number,
  change: Partial<ScalingDecision> = {},
): ScalingDecision {
  return ScalingDecision.parse({
    ...KEY,
    id,
    decidedAtMs,
    action: 'scale_out',
    reason: 'predicted_demand',
    currentResources: 2,
    desiredResources: 3,
    capacityPerSecond: 50,
    capacitySource: 'assumed',
    tier: 'hot',
    leadTimeMs: 45_000,
    leadTimeSource: 'measured',
    alpha: 0.95,
    underCostPerUnitMinute: 19,
    overCostPerUnitMinute: 1,
    predictedPerSecond: 131.7,
    observedPerSecond: 88.1,
    velocityPerMinute: 4.4,
    forecastId: null,
    alternatives: [
      {
        policy: 'hold',
        targetPerSecond: 100,
        resources: 2,
        expectedCost: 7.5,
        isChosen: false,
        because: 'too small',
      },
    ],
    ...change,
  });
}

export function sampleShadow(id: string, change: Partial<Shadow> = {}): Shadow {
  return Shadow.parse({
    ...KEY,
    id,
    state: 'planned',
    failureReason: null,
    tier: 'suspended',
    capacityPerSecond: 50,
    zone: 'a',
    decisionId: 'dec-1',
    history: [{ state: 'planned', atMs: START_MS }],
    fencingToken: 1,
    pendingCommandId: null,
    step: null,
    throttledUntilMs: null,
    ...change,
  });
}

export function sampleCommand(id: string, change: Partial<ShadowCommand> = {}): ShadowCommand {
  return ShadowCommand.parse({
    ...KEY,
    id,
    verb: 'warm',
    shadowId: 'sha-1',
    decisionId: 'dec-1',
    tier: 'on_demand',
    zone: 'a',
    capacityPerSecond: 50,
    issuedAtMs: START_MS,
    deadlineMs: START_MS + 90_000,
    fencingToken: 1,
    attempt: 1,
    ...change,
  });
}

export function sampleOutcome(commandId: string, change: Partial<Outcome> = {}): Outcome {
  return Outcome.parse({
    ...KEY,
    commandId,
    shadowId: 'sha-1',
    kind: 'accepted',
    atMs: START_MS + 10,
    fencingToken: 1,
    detail: null,
    elapsedMs: 10,
    ...change,
  });
}

export function sampleNotice(id: string, startMs: number, endMs: number): Notice {
  return Notice.parse({
    id,
    application: 'shop',
    client: null,
    startMs,
    endMs,
    upliftRatio: 2.5,
    uncertaintyRatio: 0.3,
    text: 'Sale begins',
  });
}
