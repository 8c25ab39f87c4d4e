import { type EpochMs, EXIT_CODE, ForetapError } from '../core/index.js';
import {
  type CommandVerb,
  MAX_SHADOW_HISTORY,
  type OutcomeKind,
  type Shadow,
  type ShadowCommand,
  type ShadowState,
} from '../domain/index.js';

/** What an outcome means in the light of the command it answers, e.g. `shift.failed`. */
export type AnswerSignal = `${CommandVerb}.${OutcomeKind}`;

/**
 * What can happen to a shadow without being an answer to a command: a cooling one is wanted again, its resource is lost, or a
 * step was tried in vain too often.
 */
export type OwnSignal = 'reclaimed' | 'lost' | 'given_up';
export type ShadowSignal = AnswerSignal | OwnSignal;

export type ShadowEvent =
  | { readonly kind: 'commanded'; readonly command: ShadowCommand }
  | {
      readonly kind: 'answered';
      readonly outcome: OutcomeKind;
      readonly atMs: EpochMs;
      /** After a failure: when the step may be tried again. */
      readonly retryAtMs?: EpochMs;
    }
  | { readonly kind: 'reclaimed'; readonly atMs: EpochMs }
  | { readonly kind: 'lost' | 'given_up'; readonly atMs: EpochMs; readonly reason: string };

type Row = Partial<Record<ShadowSignal, ShadowState>>;

const retirable = (state: ShadowState): Row => ({
  'retire.accepted': 'retiring',
  'retire.gone': 'gone',
  'retire.failed': state,
});
const resizable = (state: ShadowState): Row => ({
  'resize.accepted': state,
  'resize.resized': state,
  'resize.failed': state,
});
/** A try that failed leaves the shadow where it can be tried again; traffic is where it was before. */
const warming: Row = { 'warm.ready': 'ready', 'warm.failed': 'planned' };
const end: Row = { lost: 'failed', given_up: 'failed' };

/** Every allowed transition. A lost `accepted` must not stop a shadow, so what follows it is allowed without it. */
export const TRANSITIONS: Readonly<Record<ShadowState, Row>> = {
  planned: {
    ...warming,
    'warm.accepted': 'provisioning',
    'warm.health': 'syncing',
    ...retirable('planned'),
    ...end,
  },
  provisioning: { ...warming, 'warm.health': 'syncing', ...end },
  syncing: { ...warming, ...end },
  ready: {
    'shift.accepted': 'shifting',
    'shift.shifted': 'active',
    'shift.failed': 'ready',
    'cool.accepted': 'ready',
    'cool.cooled': 'suspended',
    'cool.failed': 'ready',
    ...resizable('ready'),
    ...retirable('ready'),
    ...end,
  },
  suspended: {
    'warm.accepted': 'syncing',
    'warm.health': 'syncing',
    'warm.ready': 'ready',
    'warm.failed': 'suspended',
    ...retirable('suspended'),
    ...end,
  },
  shifting: { 'shift.shifted': 'active', 'shift.failed': 'ready', ...end },
  active: {
    'cool.accepted': 'cooling',
    'cool.cooled': 'cooling',
    'cool.failed': 'active',
    'throttle.accepted': 'active',
    'throttle.failed': 'active',
    ...resizable('active'),
    lost: 'failed',
  },
  cooling: {
    'cool.cooled': 'cooling',
    'cool.failed': 'active',
    'shift.accepted': 'shifting',
    'shift.shifted': 'active',
    'shift.failed': 'cooling',
    reclaimed: 'ready',
    ...retirable('cooling'),
    ...end,
  },
  retiring: { 'retire.gone': 'gone', 'retire.failed': 'retiring' },
  failed: retirable('failed'),
  gone: {},
};

/** What may be ordered in which state; a resource that serves has to cool before it may be retired. */
export const ALLOWED_VERBS: Readonly<Record<ShadowState, readonly CommandVerb[]>> = {
  planned: ['warm', 'retire'],
  provisioning: [],
  syncing: [],
  ready: ['shift', 'resize', 'cool', 'retire'],
  suspended: ['warm', 'retire'],
  shifting: [],
  active: ['cool', 'resize', 'throttle'],
  cooling: ['shift', 'retire'],
  retiring: ['retire'],
  failed: ['retire'],
  gone: [],
};

/** The outcome that fulfils each order. */
export const FULFILMENT: Readonly<Record<CommandVerb, OutcomeKind>> = {
  warm: 'ready',
  shift: 'shifted',
  resize: 'resized',
  cool: 'cooled',
  retire: 'gone',
  throttle: 'accepted',
};

/** An event that the state machine has no place for: a defect of the caller, or a report that came too late. */
export class IllegalTransitionError extends ForetapError {
  readonly code = 'SHADOW_TRANSITION_ILLEGAL';
  readonly exitCode = EXIT_CODE.failed;

  constructor(
    readonly shadow: Shadow,
    readonly signal: string,
  ) {
    super(
      `Shadow ${shadow.id} is ${shadow.state} and cannot take "${signal}"`,
      'Look the shadow up in the ledger; if its state is wrong, retire the resource by hand.',
    );
  }
}

/**
 * The shadow after one event. Pure. Throws {@link IllegalTransitionError} where {@link TRANSITIONS} or {@link ALLOWED_VERBS} has no
 * place for it, where a command is already in flight, and where an answer comes though none is awaited.
 */
export function transition(shadow: Shadow, event: ShadowEvent): Shadow {
  switch (event.kind) {
    case 'commanded':
      return command(shadow, event.command);
    case 'answered':
      return answer(shadow, event.outcome, event.atMs, event.retryAtMs);
    default: {
      const state = next(shadow, event.kind);
      const failureReason = 'reason' in event ? event.reason : null;
      return { ...enter(shadow, state, event.atMs), failureReason, pendingCommandId: null, step: null };
    }
  }
}

/** The state that a signal leads to, or `null` where it has no place. */
export function stateAfter(shadow: Shadow, signal: ShadowSignal): ShadowState | null {
  return TRANSITIONS[shadow.state][signal] ?? null;
}

function next(shadow: Shadow, signal: ShadowSignal): ShadowState {
  const state = stateAfter(shadow, signal);
  if (state === null) throw new IllegalTransitionError(shadow, signal);
  return state;
}

function command(shadow: Shadow, ordered: ShadowCommand): Shadow {
  const isAllowed =
    shadow.pendingCommandId === null &&
    ordered.fencingToken > shadow.fencingToken &&
    ALLOWED_VERBS[shadow.state].includes(ordered.verb);
  if (!isAllowed) throw new IllegalTransitionError(shadow, ordered.verb);
  return {
    ...shadow,
    capacityPerSecond: ordered.verb === 'resize' ? ordered.capacityPerSecond : shadow.capacityPerSecond,
    fencingToken: ordered.fencingToken,
    pendingCommandId: ordered.id,
    step: {
      verb: ordered.verb,
      attempt: ordered.attempt,
      issuedAtMs: ordered.issuedAtMs,
      deadlineMs: ordered.deadlineMs,
      retryAtMs: null,
    },
  };
}

function answer(shadow: Shadow, outcome: OutcomeKind, atMs: EpochMs, retryAtMs?: EpochMs): Shadow {
  const { step } = shadow;
  if (step === null || shadow.pendingCommandId === null) throw new IllegalTransitionError(shadow, outcome);
  const entered = enter(shadow, next(shadow, `${step.verb}.${outcome}`), atMs);
  if (outcome === 'failed') {
    return { ...entered, pendingCommandId: null, step: { ...step, retryAtMs: retryAtMs ?? atMs } };
  }
  if (outcome !== FULFILMENT[step.verb]) return entered;
  return {
    ...entered,
    pendingCommandId: null,
    step: null,
    throttledUntilMs: step.verb === 'throttle' ? step.deadlineMs : entered.throttledUntilMs,
  };
}

/** Time in a history never runs backwards, even if a report carries an earlier one. */
function enter(shadow: Shadow, state: ShadowState, atMs: EpochMs): Shadow {
  if (state === shadow.state) return shadow;
  const { history } = shadow;
  const entry = { state, atMs: Math.max(atMs, history.at(-1)?.atMs ?? atMs) };
  const kept =
    history.length < MAX_SHADOW_HISTORY ? history : [history[0]!, ...history.slice(2 - MAX_SHADOW_HISTORY)];
  return { ...shadow, state, history: [...kept, entry] };
}

/** When the present state was entered. */
export function enteredAtMs(shadow: Shadow): EpochMs {
  return shadow.history.at(-1)?.atMs ?? 0;
}
