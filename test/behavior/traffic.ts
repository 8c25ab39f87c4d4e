// Windows of several clients with a daily rhythm, pauses, errors and low coverage; the same for the same arguments.

import { histogramOf } from '../../src/behavior/index.js';
import { DAY_MS } from '../../src/core/index.js';
import type { ClientWindow, ClosedStep } from '../../src/domain/index.js';

export const TRAFFIC_STEP_MS = 10_000;
/** 2026-03-02T00:00:00Z, a Monday. */
export const TRAFFIC_START_MS = 1_772_409_600_000;

const ROUTES = ['GET /', 'GET /users/{id}', 'GET /users/{id}/orders', 'POST /orders', 'GET /search'];

export interface Traffic {
  readonly windows: ClientWindow[];
  readonly closedSteps: ClosedStep[];
}

/** One step in 97 is not closed, one in 53 is badly captured; clients pause in a tenth of their steps. */
export function createTraffic(clients: number, steps: number, startMs = TRAFFIC_START_MS): Traffic {
  const random = createRandom(7);
  const windows: ClientWindow[] = [];
  const closedSteps: ClosedStep[] = [];
  const histogram = histogramOf([0.2, 3, 40, 500, 6_000].flatMap((value) => [value, value * 1.3]));
  for (let step = 0; step < steps; step += 1) {
    const stepStartMs = startMs + step * TRAFFIC_STEP_MS;
    if (step % 97 === 96) continue;
    const coverageRatio = step % 53 === 52 ? 0.3 : 0.98;
    closedSteps.push({ startMs: stepStartMs, stepMs: TRAFFIC_STEP_MS, coverageRatio });
    const phase = ((stepStartMs % DAY_MS) / DAY_MS) * 2 * Math.PI;
    for (let client = 0; client < clients; client += 1) {
      if (random() < 0.1) continue;
      const requests = 1 + Math.floor((1.2 - Math.cos(phase + client)) * 40 * (0.5 + random()));
      const serverError = random() < 0.05 ? 1 : 0;
      windows.push({
        application: 'shop',
        client: `10.0.0.${client}`,
        startMs: stepStartMs,
        stepMs: TRAFFIC_STEP_MS,
        requests,
        requestsCorrected: requests / coverageRatio,
        coverageRatio,
        statuses: {
          informational: 0,
          success: requests - serverError,
          redirection: 0,
          clientError: 0,
          serverError,
        },
        unansweredRequests: 0,
        orphanAnswers: 0,
        newConnections: 1,
        requestBytes: requests * 400,
        responseBytes: requests * 9_000,
        latencyUs: histogram,
        requestSizeBytes: histogram,
        responseSizeBytes: histogram,
        routes: ROUTES.map((route, index) => ({
          route,
          requests: index === 0 ? requests - Math.floor(requests / 8) * 4 : Math.floor(requests / 8),
          clientErrors: 0,
          serverErrors: index === 0 ? serverError : 0,
        })),
        transitions: ROUTES.map((from, index) => ({
          from,
          to: ROUTES[(index * 2 + 1) % 5]!,
          count: 1 + index,
        })),
      });
    }
  }
  return { windows, closedSteps };
}

/** A linear congruential generator (Numerical Recipes), 0 to 1: tests need the same numbers every time. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
