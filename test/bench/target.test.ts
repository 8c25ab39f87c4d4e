import { describe, expect, it } from 'vitest';
import type { ContenderName } from './contender.js';
import { median } from './measurement.js';
import { type Cost, judgeTargets } from './target.js';

function costs(
  cpuMs: Partial<Record<ContenderName, number>>,
  peakMemoryKib = 4_096,
): Map<ContenderName, Cost> {
  return new Map(
    Object.entries(cpuMs).map(([name, value]) => [name as ContenderName, { cpuMs: value, peakMemoryKib }]),
  );
}

function wordOf(what: string, kind: 'A' | 'B', given: Map<ContenderName, Cost>): string | undefined {
  return judgeTargets(kind, given).find(({ target }) => target.what === what)?.word;
}

describe('judgeTargets', () => {
  it.each([
    [2.6, 'pass, goal'],
    [2.7, 'pass'],
    [4, 'pass'],
    [4.1, 'FAIL'],
  ])('B windows at %f × walk: %s', (ratio, word) => {
    expect(wordOf('native windows ÷ walk', 'B', costs({ walk: 10, 'native windows': ratio * 10 }))).toBe(
      word,
    );
  });

  it.each([
    [18, 'pass, goal'],
    [12, 'pass'],
    [11.9, 'FAIL'],
    [0.9, 'loses'],
  ])('%f times faster than httpry: %s', (ratio, word) => {
    const given = costs({ 'native rows': 10, httpry: ratio * 10 });
    expect(wordOf('native rows, times faster than httpry', 'B', given)).toBe(word);
  });

  it('judges peak memory in MiB', () => {
    const given = costs({ 'native rows': 1 }, 16 * 1_024 + 1);
    expect(wordOf('native rows, peak memory MiB', 'B', given)).toBe('FAIL');
  });

  it('fails what was not measured', () => {
    expect(judgeTargets('A', new Map()).map(({ word }) => word)).toEqual(['FAIL', 'FAIL']);
  });
});

describe('median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 9, 2], 3],
    [[], Number.NaN],
  ])('of %j is %f', (values, middle) => {
    expect(median(values)).toBe(middle);
  });
});
