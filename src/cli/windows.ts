import { Command } from 'commander';
import { loadConfig } from '../config/index.js';
import { UsageError } from '../core/index.js';
import { readWindows, WindowConfig } from '../dataplane/index.js';
import { FaultReport, FILE_ARGUMENT, parseInputs } from './input.js';
import { writeFully } from './output.js';

/** `foretap windows FILE…`: one JSON object a window, as stored. */
export function createWindowsCommand(): Command {
  return new Command('windows')
    .description(
      'Print what each client did on each application in each step of time: one JSON object a line.',
    )
    .argument('<file...>', FILE_ARGUMENT)
    .option('--step <duration>', 'length of a window (default: window.step of the configuration, 10s)')
    .option('--config <file>', 'YAML configuration')
    .action(async (files: string[], options: { step?: string; config?: string }) => {
      const config = loadConfig(options.config ?? null);
      const stepMs = options.step === undefined ? config.window.stepMs : parseStep(options.step);
      const faults = new FaultReport((text) => process.stderr.write(text));
      const batches = readWindows({
        inputs: parseInputs(files),
        identity: config.identity,
        window: { ...config.window, stepMs, graceMs: Math.min(config.window.graceMs, stepMs) },
      });
      for await (const { windows, faults: found } of batches) {
        for (const fault of found) faults.add(fault);
        if (windows.length === 0) continue;
        await writeFully(process.stdout, `${windows.map((window) => JSON.stringify(window)).join('\n')}\n`);
      }
      faults.settle();
    });
}

/** What holds for `window.step` of the configuration holds here. Throws {@link UsageError}. */
function parseStep(text: string): number {
  const result = WindowConfig.safeParse({ step: text, grace: '1ms' });
  if (result.success) return result.data.stepMs;
  throw new UsageError(
    `--step ${text}: ${result.error.issues[0]!.message}`,
    'Write a number with a unit: 500ms, 30s, 5m, 1h30m.',
  );
}
