import { z } from 'zod';
import { Histogram } from './histogram.js';
import { ClientKey, EpochMsSchema, RatioSchema } from './key.js';

/** The route that stands for all beyond the bounds, and for requests whose path is unknown. */
export const OTHER_ROUTE = 'other';

export const RouteCount = z.object({
  /** Method and path template: `GET /users/{id}/orders`. */
  route: z.string(),
  requests: z.int().nonnegative(),
  /** Answers 4xx, and 5xx. */
  clientErrors: z.int().nonnegative(),
  serverErrors: z.int().nonnegative(),
});
export type RouteCount = z.infer<typeof RouteCount>;

export const RouteTransition = z.object({ from: z.string(), to: z.string(), count: z.int().positive() });
export type RouteTransition = z.infer<typeof RouteTransition>;

/** Final answers by class of status. */
export const StatusClasses = z.object({
  informational: z.int().nonnegative(),
  success: z.int().nonnegative(),
  redirection: z.int().nonnegative(),
  clientError: z.int().nonnegative(),
  serverError: z.int().nonnegative(),
});
export type StatusClasses = z.infer<typeof StatusClasses>;

/**
 * What one client did on one application in one step of time. Demand (requests, routes, connections) counts where the
 * request begins; outcomes (statuses, bytes, latency) where the exchange ends.
 */
export const ClientWindow = ClientKey.extend({
  startMs: EpochMsSchema,
  stepMs: z.int().positive(),
  /** Requests seen. */
  requests: z.int().nonnegative(),
  /** Requests that will have happened, given what the mirror lost: `requests / coverageRatio`. */
  requestsCorrected: z.number().nonnegative(),
  /** Share of the traffic that was captured; low means missing data, not low demand. */
  coverageRatio: RatioSchema,
  statuses: StatusClasses,
  /** Requests that ended without an answer, and answers without a request. */
  unansweredRequests: z.int().nonnegative(),
  orphanAnswers: z.int().nonnegative(),
  newConnections: z.int().nonnegative(),
  /** Heads and bodies on the wire. */
  requestBytes: z.int().nonnegative(),
  responseBytes: z.int().nonnegative(),
  /** Microseconds from the first byte of the request to the first byte of the final answer. */
  latencyUs: Histogram,
  requestSizeBytes: Histogram,
  responseSizeBytes: Histogram,
  /** The most frequent routes, most requests first; the rest is `other`. */
  routes: z.array(RouteCount),
  /** The most frequent pairs of successive routes. */
  transitions: z.array(RouteTransition),
});
export type ClientWindow = z.infer<typeof ClientWindow>;

/**
 * A step of time that the data plane has closed: all its windows are out. A client without a window in a closed step with good
 * coverage made no request; a step that was never closed is missing data.
 */
export const ClosedStep = z.object({
  startMs: EpochMsSchema,
  stepMs: z.int().positive(),
  coverageRatio: RatioSchema,
});
export type ClosedStep = z.infer<typeof ClosedStep>;
