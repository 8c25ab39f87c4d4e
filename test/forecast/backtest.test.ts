import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../src/core/index.js';
import {
  type BacktestResult,
  backtestSeries,
  bestExpertOf,
  formatBacktestSeries,
  formatBacktestSummary,
  summarizeBacktest,
} from '../../src/forecast/index.js';
import { dailyDemand, randomWalk, START_MS } from './demand.js';

function backtest(values: readonly number[], horizonSteps = 3): BacktestResult {
  return backtestSeries(
    'demo',
    { startMs: START_MS, stepMs: HOUR_MS, values: Float64Array.from(values) },
    horizonSteps,
  );
}

describe('backtestSeries', () => {
  it('scores persistence as one does by hand', () => {
    // Ten steps: the first eight change by 1 each, the test span is 20 and 23.
    const { maseScale, testSteps, models } = backtest([1, 2, 1, 2, 1, 2, 1, 2, 20, 23], 2);
    expect([maseScale, testSteps]).toEqual([1, 2]);
    // One ahead: |20−2| and |23−20|; two ahead: |20−1| and |23−2|.
    expect(models.persistence!.maseByHorizon).toEqual([(18 + 3) / 2, (19 + 21) / 2]);
    expect(models.persistence!.mase).toBe((18 + 3 + 19 + 21) / 4);
    expect(models.persistence!.forecasts).toBe(4);
  });

  it('skips missing origins and targets', () => {
    const values = dailyDemand(100);
    for (const missing of [85, 86, 95]) values[missing] = Number.NaN;
    const { models, missingSteps } = backtest(values, 1);
    expect(missingSteps).toBe(3);
    // 20 targets, of which 85, 86, 95 are missing and 87, 96 have no origin one step before.
    expect(models.ensemble!.forecasts).toBe(15);
  });

  it('finds the season and its reference', () => {
    const result = backtest(dailyDemand(24 * 28));
    const { ensemble, persistence } = result.models;
    expect(ensemble!.wql).toBeLessThan(0.5 * persistence!.wql!);
    expect(Math.abs(ensemble!.coverage80! - 0.8)).toBeLessThan(0.1);
    expect(['seasonal-day', 'seasonal-week']).toContain(result.seasonalReference);
  });

  it('sees no test value before it is due: changing the last one changes only the forecasts of it', () => {
    const values = dailyDemand(200);
    const changed = [...values.slice(0, -1), 1e6];
    const errorsOf = (series: number[]) => backtest(series, 1).models.ensemble!;
    const [calm, wild] = [errorsOf(values), errorsOf(changed)];
    const scale = backtest(values, 1).maseScale!;
    const difference = (wild.mase! - calm.mase!) * wild.forecasts * scale;
    // Only the last of the absolute errors differs, by as much as the value, up to the error it had before.
    expect(Math.abs(difference - 1e6)).toBeLessThan(150);
  });

  it('says so where there is nothing to score', () => {
    const result = backtest(Array(50).fill(0));
    expect([result.bestModel, result.models.ensemble!.wql]).toEqual([null, null]);
    expect(formatBacktestSeries(result)).toContain('no demand');
  });
});

describe('the report', () => {
  const results = [backtest(dailyDemand(24 * 21)), backtest(randomWalk(300))];
  const summary = summarizeBacktest(results);

  it('names the best model of each series, in aligned columns', () => {
    for (const result of results) {
      const lines = formatBacktestSeries(result).trimEnd().split('\n').slice(1);
      const best = lines.find((line) => line.endsWith('best'))!;
      expect(best).toContain(result.bestModel);
      const edge = lines[0]!.indexOf('mase') + 'mase'.length;
      for (const line of lines.slice(1)) expect(line.slice(0, edge)).toMatch(/\d$/);
    }
  });

  it('lists where a single expert did better, and nothing else', () => {
    const losers = results.filter((result) => {
      const expert = bestExpertOf(result)!;
      return result.models.ensemble!.wql! > result.models[expert]!.wql!;
    });
    expect(summary.losses).toHaveLength(losers.length);
    for (const { wqlRatio } of summary.losses) expect(wqlRatio).toBeGreaterThan(1);
    expect(formatBacktestSummary(results, summary)).toContain('to persistence');
  });
});
