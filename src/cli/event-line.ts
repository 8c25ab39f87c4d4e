// How an event and a run read on a terminal.
import { msToDuration } from '../core/index.js';
import type { Outcome, ScalingDecision, ShadowCommand } from '../domain/index.js';
import type { ForetapEvent } from '../event/index.js';

/** One line an event: time, type, client, what it is about. `decision` is the one behind a command, where known. */
export function formatEvent(event: ForetapEvent, decision: ScalingDecision | null): string {
  const [, , family, name] = event.type.split('.');
  const { application, client } = event.data;
  const head = [
    event.time.slice(0, 19).concat('Z'),
    `${family}.${name}`.padEnd(16),
    `${application}/${client}`.padEnd(32),
  ];
  return [...head, describeData(event, decision)].join('  ');
}

function describeData(event: ForetapEvent, decision: ScalingDecision | null): string {
  if (event.type.includes('.command.')) return describeCommand(event.data as ShadowCommand, decision);
  if (event.type.includes('.report.')) return describeOutcome(event.data as Outcome);
  return (event.data as { message: string }).message;
}

function describeCommand(command: ShadowCommand, decision: ScalingDecision | null): string {
  const because = command.verb === 'warm' && decision ? `, ${describeReason(decision)}` : '';
  return `${command.shadowId} for ${formatRate(command.capacityPerSecond)}${because} (${command.decisionId})`;
}

/** Why a shadow is warmed: a new one because of the decision to scale out, a suspended one because demand comes near. */
function describeReason(decision: ScalingDecision): string {
  const { predictedPerSecond, observedPerSecond, currentResources, capacityPerSecond, leadTimeMs } = decision;
  const now = observedPerSecond === null ? 'unknown' : formatRate(observedPerSecond);
  const expected =
    predictedPerSecond === null
      ? ''
      : `, expected ${formatRate(predictedPerSecond)} within ${msToDuration(leadTimeMs)}`;
  if (decision.action !== 'scale_out') return `woken: now ${now}${expected}`;
  return `${decision.reason}: now ${now}${expected}, ${currentResources} × ${formatRate(capacityPerSecond)} there`;
}

function describeOutcome(outcome: Outcome): string {
  const detail = outcome.detail ? `: ${outcome.detail}` : '';
  return `${outcome.shadowId} after ${msToDuration(outcome.elapsedMs)}${detail}`;
}

/** `41.2/s`: three significant digits. */
export function formatRate(perSecond: number): string {
  return `${Number(perSecond.toPrecision(3))}/s`;
}
