import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { UnreadableInputError } from '../core/index.js';
import {
  type BacktestResult,
  backtestSeries,
  formatBacktestSeries,
  formatBacktestSummary,
  MAX_HORIZON_STEPS,
  parseDemandCsv,
  SCORED_LEVELS,
  summarizeBacktest,
} from '../forecast/index.js';

interface BacktestOptions {
  demand: string[];
  horizon: number;
  json?: true;
}

/** `foretap backtest`: how well every model would have forecast demand that is already known. */
export function createBacktestCommand(): Command {
  return new Command('backtest')
    .description('Forecast the last fifth of known demand from every step of it, and score each model.')
    .requiredOption(
      '--demand <file...>',
      'CSV files timestamp,value: ISO-8601 times, constant step, missing steps left out',
    )
    .option(
      '--horizon <steps>',
      `steps ahead that are forecast and scored, 1 to ${MAX_HORIZON_STEPS}`,
      parseHorizon,
      12,
    )
    .option('--json', 'print one JSON object instead of tables')
    .addHelpText(
      'after',
      `
mase        mean absolute error in units of the mean one-step change before the test span
wql         weighted quantile loss over the quantiles 0.1…0.9
coverage80  share of values between the 0.1 and the 0.9 quantile; 0.8 is right`,
    )
    .action(runBacktest);
}

async function runBacktest({ demand, horizon, json }: BacktestOptions): Promise<void> {
  const results: BacktestResult[] = [];
  // All files are read first: a bad last one should not cost the time of the others.
  const inputs = [];
  for (const path of demand) inputs.push({ path, series: parseDemandCsv(await readText(path), path) });
  for (const [position, { path, series }] of inputs.entries()) {
    showProgress(`backtest ${position + 1}/${inputs.length} ${path}`);
    const result = backtestSeries(path, series, horizon);
    results.push(result);
    showProgress('');
    if (!json) process.stdout.write(`${formatBacktestSeries(result)}\n`);
  }
  const summary = summarizeBacktest(results);
  const text = json
    ? `${JSON.stringify({ horizon, quantileLevels: SCORED_LEVELS, series: results, summary }, null, 2)}\n`
    : formatBacktestSummary(results, summary);
  process.stdout.write(text);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UnreadableInputError(
      `${path}: cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      'Give the path of a CSV file that exists and that you may read.',
      { cause },
    );
  }
}

/** One line on a terminal that the next one overwrites. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
}

function parseHorizon(text: string): number {
  const steps = Number(text);
  if (!Number.isInteger(steps) || steps < 1 || steps > MAX_HORIZON_STEPS) {
    throw new InvalidArgumentError(`Write a whole number from 1 to ${MAX_HORIZON_STEPS}.`);
  }
  return steps;
}
