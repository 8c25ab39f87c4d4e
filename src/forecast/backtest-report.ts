import { msToDuration } from '../core/index.js';
import { type BacktestResult, type BacktestSummary, bestExpertOf, ENSEMBLE, wqlRatioTo } from './backtest.js';

const HEADER = ['model', 'mase', 'wql', 'coverage80', ''] as const;

/** One series as a small aligned table: models by wQL, the least marked; and what the ensemble made of them. */
export function formatBacktestSeries(result: BacktestResult): string {
  const { series, stepMs, steps, missingSteps, testSteps, models, bestModel } = result;
  const rows = Object.entries(models)
    .sort(([, a], [, b]) => (a.wql ?? Number.POSITIVE_INFINITY) - (b.wql ?? Number.POSITIVE_INFINITY))
    .map(([model, score]) => [
      model,
      formatNumber(score.mase),
      formatNumber(score.wql),
      formatNumber(score.coverage80),
      noteOn(result, model),
    ]);
  const missing = missingSteps > 0 ? `, ${missingSteps} missing` : '';
  const title = `${series}  (step ${msToDuration(stepMs)}, ${steps} steps${missing}, ${testSteps} tested)`;
  if (bestModel === null) return `${title}\n  nothing to score: no demand in the test span\n`;
  return `${title}\n${alignColumns([HEADER, ...rows])}`;
}

/** The last lines: all series together, and where the ensemble lost. */
export function formatBacktestSummary(results: readonly BacktestResult[], summary: BacktestSummary): string {
  const wins = results.filter((result) => (wqlRatioTo(result, bestExpertOf(result)) ?? 2) <= 1).length;
  const lines = [
    `ensemble over ${results.length} series (geometric mean of wQL ratios; below 1 is better)`,
    `  to persistence     ${formatNumber(summary.wqlRatioToPersistence)}`,
    `  to seasonal naive  ${formatNumber(summary.wqlRatioToSeasonalNaive)}`,
    `  to the best expert ${formatNumber(summary.wqlRatioToBestExpert)}`,
    `  mean coverage80    ${formatNumber(summary.coverage80)}`,
    `  at least as good as every expert on ${wins} of ${results.length} series`,
  ];
  if (summary.losses.length > 0) {
    lines.push('where a single expert did better:');
    const losses = summary.losses.map(({ series, expert, wqlRatio }) => [
      series,
      expert,
      `×${wqlRatio.toFixed(3)}`,
    ]);
    lines.push(alignColumns(losses, 2).trimEnd());
  }
  return `${lines.join('\n')}\n`;
}

function noteOn(result: BacktestResult, model: string): string {
  const notes: string[] = [];
  if (model === result.bestModel) notes.push('best');
  const all = result.models[ENSEMBLE]!.forecasts;
  const { forecasts } = result.models[model]!;
  if (forecasts < all) notes.push(`${forecasts} of ${all} forecasts`);
  if (model === ENSEMBLE && model !== result.bestModel) {
    const ratio = wqlRatioTo(result, bestExpertOf(result));
    if (ratio !== null) notes.push(`×${ratio.toFixed(3)} of the best expert`);
  }
  return notes.join(', ');
}

function formatNumber(value: number | null): string {
  return value === null ? '–' : value.toFixed(4);
}

/** Pads columns to equal width: the first `leftColumns` and the last to the left, numbers between to the right. */
function alignColumns(rows: readonly (readonly string[])[], leftColumns = 1): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column < leftColumns || column === row.length - 1
          ? cell.padEnd(widths[column]!)
          : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${lines.map((line) => `  ${line}`).join('\n')}\n`;
}
