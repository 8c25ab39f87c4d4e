import { expect, test } from 'vitest';
import { motionOf, theilSenSlope } from '../../src/forecast/velocity.js';

const { NaN: MISSING } = Number;

test.each([
  [[], [], 0],
  [[1], [5], 0],
  [[0, 1, 2], [1, 3, 5], 2],
  [[0, 1, 2, 3, 4], [0, 1, 2, 900, 4], 1],
  [[0, 1, 2, 3], [0, MISSING, 4, 6], 2],
])('theilSenSlope over %j of %j is %d', (times, values, slope) => {
  expect(theilSenSlope(times, values)).toBeCloseTo(slope, 12);
});

test.each([
  ['steady climb', [0, 1, 2, 3, 4, 5, 6, 7], 1, 0],
  ['climb that doubles its pace', [0, 1, 2, 3, 4, 6, 8, 10], 2, 0.25],
  ['rest', [4, 4, 4, 4, 4, 4, 4, 4], 0, 0],
  ['climb with a gap', [0, MISSING, 2, 3, 4, MISSING, 6, 7], 1, 0],
  ['two values', [MISSING, MISSING, MISSING, MISSING, MISSING, MISSING, 3, 5], 2, 0],
  ['nothing', [], 0, 0],
])('motionOf a %s', (_name, values, velocity, acceleration) => {
  const { velocityPerMinute, accelerationPerMinute2 } = motionOf(
    values.map((_, minute) => minute),
    values,
  );
  expect(velocityPerMinute).toBeCloseTo(velocity, 12);
  expect(accelerationPerMinute2).toBeCloseTo(acceleration, 12);
});
