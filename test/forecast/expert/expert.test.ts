import { describe, expect, it } from 'vitest';
import { DemandHistory } from '../../../src/forecast/demand-history.js';
import { PERSISTENCE } from '../../../src/forecast/expert/persistence.js';
import { horizonKnots } from '../../../src/forecast/horizon.js';
import { EXPERT_FACTORIES } from '../../../src/forecast/registry.js';
import type { Expert } from '../../../src/forecast/types.js';

const DAY_STEPS = 24;
const { NaN: MISSING } = Number;

/** Every registered expert on a grid with a day of 24 steps, after the values; missing ones are not announced. */
function teachAll(values: readonly number[]): Map<string, Expert> {
  const history = new DemandHistory(200);
  const context = {
    unitPerSecond: 1,
    history,
    seasons: [{ name: 'day', steps: DAY_STEPS } as const],
    knots: horizonKnots(6),
  };
  const experts = EXPERT_FACTORIES.flatMap((create) => create(context));
  values.forEach((value, index) => {
    if (Number.isNaN(value)) return;
    history.set(index, value);
    for (const expert of experts) expert.observe(index, value);
  });
  return new Map(experts.map((expert) => [expert.name, expert]));
}

function pathOf(expert: Expert | undefined, firstAhead = 1, steps = 6): number[] | null {
  const out = new Float64Array(steps);
  return expert?.forecast(firstAhead, out) ? [...out] : null;
}

/** 0, 10, 20 … 230, then again. */
const sawtooth = (steps: number) => Array.from({ length: steps }, (_, step) => 10 * (step % DAY_STEPS));

describe('every expert', () => {
  it('has a name of its own, and persistence comes first', () => {
    const names = EXPERT_FACTORIES.flatMap((create) =>
      create({ unitPerSecond: 1, history: new DemandHistory(9), seasons: [], knots: [1] }),
    ).map(({ name }) => name);
    expect(names[0]).toBe(PERSISTENCE);
    expect(new Set(names).size).toBe(names.length);
  });

  it('goes on with what never changed', () => {
    for (const [name, expert] of teachAll(Array(100).fill(7))) {
      for (const value of pathOf(expert)!) expect(value, name).toBeCloseTo(7, 6);
    }
  });

  it('answers alike in one go and step by step, near and far', () => {
    for (const [name, expert] of teachAll(sawtooth(130))) {
      const whole = pathOf(expert, 1, 60)!;
      const single = Array.from({ length: 60 }, (_, step) => pathOf(expert, step + 1, 1)![0]);
      expect(single, name).toEqual(whole);
      expect(whole.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
    }
  });
});

describe('persistence', () => {
  it('says the last value', () => {
    expect(pathOf(teachAll([3, 9, MISSING]).get('persistence'))).toEqual([9, 9, 9, 9, 9, 9]);
    expect(pathOf(teachAll([]).get('persistence'))).toBeNull();
  });
});

describe('seasonal-day', () => {
  const seasonal = (values: number[]) => teachAll(values).get('seasonal-day');

  it('says what was a season before, as soon as there was one', () => {
    expect(pathOf(seasonal(sawtooth(23)))).toBeNull();
    expect(pathOf(seasonal(sawtooth(24)))).toEqual([0, 10, 20, 30, 40, 50]);
    expect(pathOf(seasonal(sawtooth(40)), 25, 3)).toEqual([160, 170, 180]);
  });

  it('looks one season earlier where that is missing, else says the last value', () => {
    const values = sawtooth(48);
    values[25] = MISSING;
    values[2] = MISSING;
    values[26] = MISSING;
    expect(pathOf(seasonal(values), 1, 4)).toEqual([0, 10, 230, 30]);
  });
});

describe('adjusted-day', () => {
  it('carries today’s deviation along the season', () => {
    // Since noon demand is 50 above that of all days before.
    const noon = 24 * 19 + 12;
    const values = sawtooth(noon + 6).map((value, step) => value + 100 + (step >= noon ? 50 : 0));
    const path = pathOf(teachAll(values).get('adjusted-day'))!;
    for (const [step, value] of path.entries()) {
      expect(value).toBeGreaterThan(10 * (18 + step) + 100 + 25);
      expect(value).toBeLessThan(10 * (18 + step) + 100 + 60);
    }
  });
});

describe('holt-winters', () => {
  it('follows a trend, damped', () => {
    const path = pathOf(
      teachAll(Array.from({ length: 150 }, (_, step) => 10 + 2 * step)).get('holt-winters'),
    )!;
    const last = 10 + 2 * 149;
    expect(path[0]).toBeGreaterThan(last + 1);
    expect(path[5]).toBeGreaterThan(path[0]! + 3);
    expect(path[5]).toBeLessThan(last + 2 * 6 + 1);
  });

  it('learns a season', () => {
    const path = pathOf(teachAll(sawtooth(24 * 15)).get('holt-winters'))!;
    for (const [step, value] of path.entries()) expect(Math.abs(value - 10 * step)).toBeLessThan(15);
  });

  it('accepts a new level for good within minutes, from rest too', () => {
    const values = [...Array(100).fill(0), ...Array(40).fill(1_000)];
    expect(pathOf(teachAll(values).get('holt-winters'))![0]).toBeGreaterThan(800);
  });
});
