import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SortedWindow } from '../../src/forecast/sorted-window.js';

it('has the quantiles of the last values, whatever came before, ties included', () => {
  const values = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 12 }), (pushed, capacity) => {
      const window = new SortedWindow(capacity);
      for (const value of pushed) window.push(value);
      const latest = pushed.slice(-capacity).sort((a, b) => a - b);
      expect(window.count).toBe(latest.length);
      const levels = latest.map((_, rank) => (rank + 1) / (latest.length + 1));
      const out = new Float64Array(levels.length);
      window.writeQuantiles(levels, out);
      for (let rank = 0; rank < latest.length; rank++) {
        expect(window.quantile(levels[rank]!)).toBeCloseTo(latest[rank]!, 9);
        expect(out[rank]).toBeCloseTo(latest[rank]!, 9);
      }
    }),
  );
});
