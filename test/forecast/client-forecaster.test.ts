import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/core/index.js';
import { Forecast, QUANTILE_LEVELS } from '../../src/domain/index.js';
import { ClientForecaster, type ForecastConfig, ForecastConfigSchema } from '../../src/forecast/index.js';
import { dailyDemand, randomWalk, START_MS } from './demand.js';

const KEY = { application: 'shop', client: '10.0.0.7' };
const HOURLY: ForecastConfig = { stepMs: HOUR_MS, horizonSteps: 6, leadMs: 3 * HOUR_MS };
const MEDIAN = QUANTILE_LEVELS.indexOf(0.5);
const UPPER = QUANTILE_LEVELS.indexOf(0.9);

/** A forecaster that has seen all values, missing ones included. */
function taught(values: readonly number[], config = HOURLY): ClientForecaster {
  const forecaster = new ClientForecaster(KEY, config);
  values.forEach((value, step) => {
    forecaster.observe(START_MS + step * config.stepMs, value);
  });
  return forecaster;
}

function endOf(steps: number, config = HOURLY): number {
  return START_MS + steps * config.stepMs;
}

/** Demand as wild as it gets: zeros, spikes, tiny and huge rates, missing steps; the first step is present. */
const wildDemand = fc
  .array(
    fc.oneof(
      fc.constant(0),
      fc.constant(Number.NaN),
      fc.double({ min: 0, max: 1e12, noNaN: true }),
      fc.double({ min: 0, max: 10, noNaN: true }),
    ),
    { maxLength: 150 },
  )
  .map((values) => [1, ...values]);

describe('ClientForecaster', () => {
  it('always gives a valid forecast: finite, never negative, never crossing', () => {
    fc.assert(
      fc.property(wildDemand, fc.integer({ min: 1, max: 500 }), (values, leadHours) => {
        const forecaster = taught(values);
        const forecast = forecaster.forecast(endOf(values.length), leadHours * HOUR_MS);
        expect(Forecast.parse(forecast)).toEqual(forecast);
        expect(forecast.quantiles).toHaveLength(6);
        for (const row of [...forecast.quantiles, forecast.maxOverLead.quantiles]) {
          expect(row.every(Number.isFinite)).toBe(true);
          expect(row).toEqual([...row].sort((a, b) => a - b));
        }
        expect(forecast.experts.reduce((sum, { weightRatio }) => sum + weightRatio, 0)).toBeCloseTo(1, 9);
      }),
      { numRuns: 60 },
    );
  });

  it('cannot be changed by what comes later, nor by being asked', () => {
    const shared = dailyDemand(300);
    const record = (values: readonly number[], askEvery: number) => {
      const forecaster = new ClientForecaster(KEY, HOURLY);
      return values.map((value, step) => {
        forecaster.observe(endOf(step), value);
        return step % askEvery === 0 ? forecaster.forecast(endOf(step + 1), 2 * HOUR_MS) : null;
      });
    };
    const calm = record([...shared, ...shared.slice(0, 20)], 1);
    const wild = record([...shared, ...shared.slice(0, 20).map((value) => 1_000 * value)], 7);
    for (let step = 0; step < shared.length; step += 7) expect(wild[step]).toEqual(calm[step]);
    expect(wild[315]).not.toEqual(calm[315]);
  });

  it('is deterministic, its id included', () => {
    const values = dailyDemand(100);
    const [first, second] = [taught(values), taught(values)].map((f) => f.forecast(endOf(100), HOUR_MS));
    expect(first).toEqual(second);
    expect(first!.id).toMatch(/^fc-[0-9a-f]{16}$/);
  });

  it('is wide but sane after one observation, by persistence alone', () => {
    const { quantiles, experts, skillRatio, historySteps } = taught([100]).forecast(endOf(1), HOUR_MS);
    expect(quantiles[0]![MEDIAN]).toBeCloseTo(100, 6);
    expect(quantiles[0]![0]).toBeLessThan(50);
    expect(quantiles[0]!.at(-1)).toBeGreaterThan(200);
    expect(quantiles[0]!.at(-1)).toBeLessThan(1_000);
    expect(experts.filter(({ weightRatio }) => weightRatio > 0).map(({ expert }) => expert)).toEqual([
      'persistence',
    ]);
    expect([skillRatio, historySteps]).toEqual([null, 1]);
  });

  it('refuses to forecast from nothing, and impossible observations', () => {
    const forecaster = new ClientForecaster(KEY, HOURLY);
    forecaster.observe(START_MS, Number.NaN);
    expect(forecaster.isReady).toBe(false);
    expect(() => forecaster.forecast(endOf(1), HOUR_MS)).toThrow(RangeError);
    expect(() => forecaster.observe(START_MS, 1)).toThrow(RangeError);
    expect(() => forecaster.observe(endOf(1), -1)).toThrow(RangeError);
    expect(() => forecaster.observe(endOf(1), Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });
});

describe('missing steps', () => {
  const before = dailyDemand(200);

  it('are the same whether announced or left out', () => {
    const after = dailyDemand(240).slice(210);
    const announced = taught([...before, ...Array(10).fill(Number.NaN), ...after]);
    const leftOut = taught(before);
    after.forEach((value, step) => {
      leftOut.observe(endOf(210 + step), value);
    });
    expect(announced.forecast(endOf(240), HOUR_MS)).toEqual(leftOut.forecast(endOf(240), HOUR_MS));
  });

  it('cost no expert anything and count as no history', () => {
    const present = taught(before).forecast(endOf(200), HOUR_MS);
    const missing = taught([...before, Number.NaN, Number.NaN]).forecast(endOf(202), HOUR_MS);
    expect(missing.experts).toEqual(present.experts);
    expect([missing.skillRatio, missing.historySteps]).toEqual([present.skillRatio, present.historySteps]);
  });

  it('are not zero demand: the forecast goes on along the season, less certain', () => {
    const values = dailyDemand(24 * 30);
    // Missing from midnight to 09:00; forecast is the morning as always, not night and not zero.
    const late = taught([...values, ...Array(9).fill(Number.NaN)]).forecast(
      endOf(values.length + 9),
      HOUR_MS,
    );
    const usual = 50 - 40 * Math.cos((2 * Math.PI * 9.5) / 24);
    expect(Math.abs(late.quantiles[0]![MEDIAN]! - usual)).toBeLessThan(20);
    expect(late.currentPerSecond).toBeCloseTo(values.at(-1)!, 9);
    const spreadOf = (row: readonly number[]) => row[UPPER]! - row[MEDIAN]!;
    const early = taught(values).forecast(endOf(values.length), HOUR_MS);
    expect(spreadOf(late.quantiles[0]!)).toBeGreaterThan(spreadOf(early.quantiles[0]!));
  });

  it('survive a year away', () => {
    const forecaster = taught(before);
    forecaster.observe(endOf(200 + 24 * 365), 55);
    const { quantiles } = forecaster.forecast(endOf(201 + 24 * 365), HOUR_MS);
    expect(quantiles.flat().every(Number.isFinite)).toBe(true);
  });
});

describe('the ensemble', () => {
  it('beats persistence where there is a season', () => {
    const { skillRatio, experts } = taught(dailyDemand(24 * 28)).forecast(endOf(24 * 28), HOUR_MS);
    expect(skillRatio).toBeLessThan(0.5);
    expect(experts.find(({ expert }) => expert === 'seasonal-day')!.isDemoted).toBe(false);
    expect(experts.find(({ expert }) => expert === 'persistence')!.weightRatio).toBeLessThan(0.05);
  });

  it('demotes seasons on a random walk, visibly, and does no harm', () => {
    const { skillRatio, experts } = taught(randomWalk(2_000)).forecast(endOf(2_000), HOUR_MS);
    for (const season of ['seasonal-day', 'seasonal-week']) {
      const share = experts.find(({ expert }) => expert === season)!;
      expect([share.isDemoted, share.weightRatio]).toEqual([true, 0]);
      expect(share.pinballLoss).toBeGreaterThan(experts[0]!.pinballLoss!);
    }
    expect(experts[0]).toMatchObject({ expert: 'persistence', isDemoted: false });
    expect(skillRatio).toBeLessThan(1.05);
  });

  it('sees demand rise', () => {
    const config = { ...ForecastConfigSchema.parse({}), stepMs: MINUTE_MS, leadMs: 5 * MINUTE_MS };
    const ramp = Array.from({ length: 120 }, (_, minute) => 100 + 3 * minute);
    const forecast = taught(ramp, config).forecast(endOf(120, config), 5 * MINUTE_MS);
    expect(forecast.velocityPerMinute).toBeCloseTo(3, 6);
    expect(forecast.accelerationPerMinute2).toBeCloseTo(0, 6);
    expect(forecast.quantiles[11]![MEDIAN]).toBeGreaterThan(forecast.currentPerSecond + 15);
  });
});

describe('the maximum over the lead time', () => {
  it('covers as it says', () => {
    const values = dailyDemand(24 * 90, 5);
    const forecaster = new ClientForecaster(KEY, HOURLY);
    let covered = 0;
    let counted = 0;
    for (let step = 0; step < values.length - 3; step++) {
      forecaster.observe(endOf(step), values[step]!);
      if (step < 24 * 30) continue;
      const { maxOverLead } = forecaster.forecast(endOf(step + 1), 3 * HOUR_MS);
      expect(maxOverLead.leadMs).toBe(3 * HOUR_MS);
      if (Math.max(...values.slice(step + 1, step + 4)) <= maxOverLead.quantiles[UPPER]!) covered++;
      counted++;
    }
    expect(Math.abs(covered / counted - 0.9)).toBeLessThan(0.02);
  });

  it('says which lead it covers', () => {
    const forecaster = taught(dailyDemand(50));
    const leadOf = (hours: number) =>
      forecaster.forecast(endOf(50), hours * HOUR_MS).maxOverLead.leadMs / HOUR_MS;
    expect([0.1, 1, 1.5, 6, 40].map(leadOf)).toEqual([1, 1, 2, 6, 6]);
  });
});

describe('ForecastConfigSchema', () => {
  it('has defaults, reaches as far as the lead time, and rejects what it does not know', () => {
    expect(ForecastConfigSchema.parse({})).toEqual({ horizonSteps: 12 });
    const { quantiles } = taught([1], { ...HOURLY, leadMs: 9 * HOUR_MS }).forecast(endOf(1), HOUR_MS);
    expect(quantiles).toHaveLength(9);
    for (const wrong of [{ stepMs: 1 }, { horizonSteps: 0 }, { horizonSteps: 121 }]) {
      expect(ForecastConfigSchema.safeParse(wrong).success).toBe(false);
    }
  });
});
