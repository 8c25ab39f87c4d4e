import { type EpochMs, msToDuration, msToIso } from '../core/index.js';
import type { Forecast, Outcome, ScalingDecision, Shadow, ShadowCommand } from '../domain/index.js';
import { quantileAt } from './quantile.js';

/**
 * A decision in plain words, several lines: what was known and how surely, what either mistake costs, what was rejected and why,
 * and what followed. `shadows`, `commands` and `outcomes` may hold those of other decisions too; only this one's are told.
 */
export function explain(
  decision: ScalingDecision,
  forecast: Forecast | null,
  shadows: readonly Shadow[],
  commands: readonly ShadowCommand[],
  outcomes: readonly Outcome[],
): string {
  const own = commands.filter((command) => command.decisionId === decision.id);
  const ids = new Set(own.map((command) => command.shadowId));
  return [
    ...headline(decision),
    ...known(decision),
    ...sureness(decision, forecast),
    ...price(decision),
    ...alternatives(decision),
    ...followed(
      decision,
      shadows.filter((shadow) => shadow.decisionId === decision.id || ids.has(shadow.id)),
      own,
      outcomes,
    ),
  ].join('\n');
}

const REASON_TEXT: Record<ScalingDecision['reason'], string> = {
  predicted_demand: 'the predicted demand is more than they bear',
  observed_demand: 'the observed demand is more than they bear',
  notice: 'the announced demand is more than they bear',
  within_capacity: 'they bear what is to come',
  cooling_down: 'they were, or may again be, needed within the cool-down',
  within_hysteresis: 'the difference is within the tolerance',
  idle_cheaper_than_restart: 'keeping them is cheaper than probably starting them again',
  flap_budget_spent: 'the direction has changed too often within a day',
  demand_fell: 'the demand fell, and fewer bear what may come back',
  capped_by_quota: 'the quota allows no more',
  capped_by_budget: 'the budget allows no more',
  insufficient_history: 'there is too little history to judge by',
  prediction_not_better:
    'predictions for this client have not been better than observation, so only observation counts',
  missing_data: 'demand or forecast is missing, and nothing is taken away blindly',
};

function headline(decision: ScalingDecision): string[] {
  const { action, currentResources: current, desiredResources: desired } = decision;
  const what = {
    scale_out: `scale out from ${current} to ${resources(desired)}`,
    scale_in: `scale in from ${current} to ${resources(desired)}`,
    hold: `hold ${resources(desired)}`,
  }[action];
  return [
    `Decision ${decision.id} at ${msToIso(decision.decidedAtMs)} for client ${decision.client} of ${decision.application}:`,
    `  ${what}, because ${REASON_TEXT[decision.reason]} (${decision.reason}).`,
  ];
}

function known(decision: ScalingDecision): string[] {
  const { observedPerSecond, velocityPerMinute: velocity } = decision;
  const rate =
    observedPerSecond === null
      ? 'The demand was not captured, or captured too badly to count.'
      : `The client sent ${figure(observedPerSecond)} requests/s, ${
          velocity === 0
            ? 'without trend'
            : `${velocity > 0 ? 'rising' : 'falling'} by ${figure(Math.abs(velocity))}/s a minute`
        }.`;
  const source = {
    configured: 'as configured',
    assumed: 'assumed from the demand that the first one bore',
    measured: 'as measured',
  }[decision.capacitySource];
  return [
    'What was known',
    `  ${rate}`,
    `  One resource serves ${figure(decision.capacityPerSecond)} requests/s (${source}).`,
    `  A new one takes ${msToDuration(decision.leadTimeMs)} (${decision.leadTimeSource}); whatever is wanted sooner has to be ordered now.`,
  ];
}

function sureness(decision: ScalingDecision, forecast: Forecast | null): string[] {
  if (decision.forecastId === null) return ['How sure', '  There was no forecast.'];
  if (forecast === null) return ['How sure', `  The forecast ${decision.forecastId} is no longer stored.`];
  const { leadMs, quantiles } = forecast.maxOverLead;
  const levels = [0.1, 0.5, 0.9, 0.95, 0.99]
    .map((level) => `${percent(level)} ${figure(quantileAt(quantiles, level))}`)
    .join(', ');
  const skill =
    forecast.skillRatio === null
      ? 'how good such forecasts are is not known yet'
      : `such forecasts have lately erred ${figure(forecast.skillRatio)} times as much as "as it is now"`;
  const experts = forecast.experts
    .filter((expert) => expert.weightRatio > 0)
    .map((expert) => `${expert.expert} ${percent(expert.weightRatio)}`)
    .join(', ');
  return [
    'How sure',
    `  Forecast ${forecast.id}, made ${msToDuration(decision.decidedAtMs - forecast.madeAtMs)} before from ${forecast.historySteps} steps of history; ${skill}.`,
    `  Its experts: ${experts || 'none'}.`,
    `  The highest rate within ${msToDuration(leadMs)} stays, with the probability given, below (requests/s): ${levels}.`,
  ];
}

function price(decision: ScalingDecision): string[] {
  const { underCostPerUnitMinute: under, overCostPerUnitMinute: over, predictedPerSecond } = decision;
  return [
    'What either mistake costs',
    `  A resource's worth of demand unserved costs ${figure(under)} a minute, an idle resource ${figure(over)}:`,
    `  α = ${figure(under)} / (${figure(under)} + ${figure(over)}) = ${figure(decision.alpha)}${
      predictedPerSecond === null
        ? '.'
        : `, and that quantile of the forecast is ${figure(predictedPerSecond)} requests/s.`
    }`,
    '  Resources come whole: what a target takes is rounded up, even where less would cost less on average.',
  ];
}

function alternatives(decision: ScalingDecision): string[] {
  return [
    'What was considered',
    ...decision.alternatives.map(
      (alternative) =>
        `  ${alternative.isChosen ? 'chosen  ' : 'rejected'} ${alternative.policy}: ${figure(alternative.targetPerSecond)} requests/s, ${resources(alternative.resources)}, expected cost ${figure(alternative.expectedCost)}: ${alternative.because}.`,
    ),
  ];
}

function followed(
  decision: ScalingDecision,
  shadows: readonly Shadow[],
  commands: readonly ShadowCommand[],
  outcomes: readonly Outcome[],
): string[] {
  const lines = ['What followed'];
  if (commands.length === 0) lines.push('  No command.');
  for (const command of commands) {
    const told = outcomes
      .filter((outcome) => outcome.commandId === command.id)
      .sort((a, b) => a.atMs - b.atMs)
      .map((outcome) => {
        const detail = outcome.detail === null ? '' : ` (${outcome.detail})`;
        return `${outcome.kind}${detail} after ${msToDuration(outcome.elapsedMs)}`;
      });
    lines.push(
      `  ${msToIso(command.issuedAtMs)} ${command.verb} ${command.shadowId}: ${told.join(', ') || 'no report yet'}.`,
    );
  }
  for (const shadow of shadows) lines.push(`  ${story(decision, shadow)}`);
  return lines;
}

function story(decision: ScalingDecision, shadow: Shadow): string {
  const readyMs = enteredAt(shadow, 'ready', decision.decidedAtMs);
  if (shadow.state === 'failed') return `${shadow.id} failed: ${shadow.failureReason ?? 'unknown'}.`;
  if (readyMs === null) return `${shadow.id} is ${shadow.state}.`;
  const demandMs = enteredAt(shadow, 'shifting', readyMs);
  const ready = `${shadow.id} was ready at ${msToIso(readyMs)}, ${msToDuration(readyMs - decision.decidedAtMs)} after the decision`;
  return demandMs === null
    ? `${ready}; the demand has not needed it so far (${shadow.state} now).`
    : `${ready} and ${msToDuration(demandMs - readyMs)} before the demand needed it (${shadow.state} now).`;
}

function enteredAt(shadow: Shadow, state: Shadow['state'], fromMs: EpochMs): EpochMs | null {
  return shadow.history.find((entry) => entry.state === state && entry.atMs >= fromMs)?.atMs ?? null;
}

function resources(count: number): string {
  return count === 1 ? '1 resource' : `${count} resources`;
}

/** Three significant digits: `0.9`, `117`, `1240`. */
function figure(value: number): string {
  if (Math.abs(value) >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(3))} %`;
}
