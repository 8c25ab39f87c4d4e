import { expect, it } from 'vitest';
import { DemandHistory } from '../../src/forecast/demand-history.js';

it('knows the last values by step, and what is missing between them', () => {
  const history = new DemandHistory(4);
  expect(history.at(0)).toBeNaN();
  history.set(10, 1);
  history.set(11, 2);
  history.set(13, 4);
  expect([9, 10, 11, 12, 13, 14].map((index) => history.at(index))).toEqual([
    Number.NaN,
    1,
    2,
    Number.NaN,
    4,
    Number.NaN,
  ]);
  expect([history.firstIndex, history.lastIndex]).toEqual([10, 13]);
});

it('forgets all after a gap longer than itself', () => {
  const history = new DemandHistory(3);
  for (const index of [1, 2, 3]) history.set(index, index);
  history.set(1_000_000, 7);
  expect([999_998, 999_999, 1_000_000].map((index) => history.at(index))).toEqual([
    Number.NaN,
    Number.NaN,
    7,
  ]);
});
