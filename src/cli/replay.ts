import { Command, Option } from 'commander';
import { loadConfig } from '../config/index.js';
import { type FrameCount, type NamedCounter, readWindows } from '../dataplane/index.js';
import { FaultReport, FILE_ARGUMENT, parseInputs, STORE_OPTION } from './input.js';
import { formatTable, writeFully } from './output.js';
import { parseSpeed, runLine } from './up.js';

interface ReplayOptions {
  stats?: boolean;
  speed: string;
  config?: string;
  store?: string;
  json?: boolean;
}

/** `foretap replay FILE…`: a capture through the same path as live traffic, on packet time. */
export function createReplayCommand(): Command {
  return new Command('replay')
    .description(
      'Run captures through the whole line on packet time, as "up" does with live traffic; or only count, with --stats.',
    )
    .argument('<file...>', FILE_ARGUMENT)
    .option('--stats', 'only read: where every frame ended, and whether the sums reconcile')
    .addOption(new Option('--speed <speed>', 'max, 1x or Nx of packet time').default('max'))
    .option('--config <file>', 'YAML configuration')
    .option(...STORE_OPTION)
    .option('--json', 'events and summary as JSON lines')
    .action(async (files: string[], options: ReplayOptions) => {
      if (!options.stats) {
        const { stats: _, ...rest } = options;
        return runLine({ ...rest, inputs: parseInputs(files), speed: parseSpeed(options.speed) });
      }
      const config = loadConfig(options.config ?? null);
      const faults = new FaultReport((text) => process.stderr.write(text));
      const stream = readWindows({
        inputs: parseInputs(files),
        identity: config.identity,
        window: config.window,
      });
      let frames = 0;
      for await (const batch of stream) {
        frames = batch.progress.frames;
        for (const fault of batch.faults) faults.add(fault);
      }
      await writeFully(
        process.stdout,
        formatStatistics(frames, stream.account(), stream.counters(), options.json === true),
      );
      faults.settle();
    });
}

/** The account of all frames by reason, and the engine's counters. Throws if the sums do not reconcile: that is a defect. */
function formatStatistics(
  frames: number,
  account: FrameCount[],
  counters: NamedCounter[],
  isJson: boolean,
): string {
  const accounted = account.reduce((sum, entry) => sum + entry.frames, 0);
  if (accounted !== frames) throw new Error(`${frames} frames were read but ${accounted} accounted for`);
  const bytes = account.reduce((sum, entry) => sum + entry.bytes, 0);
  if (isJson) return `${JSON.stringify({ frames, bytes, account, counters })}\n`;
  const used = account.filter((entry) => entry.frames > 0).sort((a, b) => b.frames - a.frames);
  const frameTable = formatTable(
    [{ title: 'frames ended as' }, { title: 'frames', align: 'right' }, { title: 'bytes', align: 'right' }],
    [
      ...used.map((entry) => [entry.reason, String(entry.frames), String(entry.bytes)]),
      ['total', String(accounted), String(bytes)],
    ],
  );
  const counterTable = formatTable(
    [{ title: 'counter' }, { title: 'value', align: 'right' }],
    counters.map((counter) => [counter.name, String(counter.value)]),
  );
  return `${frameTable}frames read ${frames} = accounted for ${accounted}: reconciled\n\n${counterTable}`;
}
