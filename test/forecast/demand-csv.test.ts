import { expect, test } from 'vitest';
import { UnreadableInputError } from '../../src/core/index.js';
import { parseDemandCsv } from '../../src/forecast/demand-csv.js';

test.each([
  [
    'plain',
    'timestamp,value\n2026-03-01T00:00:00Z,1\n2026-03-01T00:01:00Z,0\n2026-03-01T00:02:00Z,2.5\n',
    [1, 0, 2.5],
  ],
  [
    'a missing row',
    '2026-03-01T00:00:00Z,1\n2026-03-01T00:01:00Z,2\n2026-03-01T00:03:00Z,4',
    [1, 2, Number.NaN, 4],
  ],
  [
    'an empty value',
    '2026-03-01T00:00:00Z,1\n2026-03-01T00:01:00Z,\n2026-03-01T00:02:00Z,3',
    [1, Number.NaN, 3],
  ],
  [
    'CRLF and a byte order mark',
    '\uFEFFtimestamp,value\r\n2026-03-01T00:00:00Z,1\r\n2026-03-01T00:01:00Z,2\r\n',
    [1, 2],
  ],
  ['zones', '2026-03-01T01:00:00+01:00,1\n2026-03-01 00:01,2\n2026-03-01T00:02:00Z,3', [1, 2, 3]],
])('%s', (_name, text, values) => {
  const series = parseDemandCsv(text, 'demand.csv');
  expect([...series.values]).toEqual(values);
  expect(series).toMatchObject({ startMs: Date.UTC(2026, 2, 1), stepMs: 60_000 });
});

test.each([
  ['', /demand\.csv: 0 row/],
  ['2026-03-01T00:00:00Z,1', /demand\.csv: 1 row/],
  ['timestamp,value\n2026-03-01T00:00:00Z,1\n2026-03-01T00:01:00Z,-2', /demand\.csv:3: "-2"/],
  ['timestamp,value\n2026-03-01T00:00:00Z,x', /demand\.csv:2: "x"/],
  ['timestamp,value\n2026-03-01T00:00:00Z,Infinity', /demand\.csv:2: "Infinity"/],
  ['timestamp,value\nyesterday,1', /demand\.csv:2: "yesterday"/],
  ['timestamp,value\n2026-13-01T00:00:00Z,1', /demand\.csv:2: "2026-13-01T00:00:00Z"/],
  ['a,b\n2026-03-01T00:00:00Z,1', /demand\.csv:1: "a"/],
  ['2026-03-01T00:00:00Z,1,2', /demand\.csv:1: 3 field/],
  ['2026-03-01T00:01:00Z,1\n2026-03-01T00:00:00Z,1', /demand\.csv:2: time is not after/],
  [
    '2026-03-01T00:00:00Z,1\n2026-03-01T00:02:00Z,1\n2026-03-01T00:03:00Z,1\n2026-03-01T00:04:30Z,1',
    /demand\.csv:4: time is not on the grid/,
  ],
  ['0001-01-01T00:00:00Z,1\n0001-01-01T00:00:01Z,1\n2026-03-01T00:00:00Z,1', /demand\.csv: \d+ steps/],
])('%j is one clear error', (text, message) => {
  const read = () => parseDemandCsv(text, 'demand.csv');
  expect(read).toThrow(UnreadableInputError);
  expect(read).toThrow(message);
});
