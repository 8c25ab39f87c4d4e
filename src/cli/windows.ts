import { Command } from 'commander';
import { loadConfig } from '../config/index.js';
import { durationToMs, UsageError } from '../core/index.js';
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
      const faults = new FaultReport((text) => process.stderr.write(text));
      const batches = readWindows({
        inputs: parseInputs(files),
        identity: config.identity,
        window: options.step === undefined ? config.window : withStep(config.window, options.step),
      });
      for await (const { windows, faults: found } of batches) {
        for (const fault of found) faults.add(fault);
        if (windows.length === 0) continue;
        await writeFully(process.stdout, `${windows.map((window) => JSON.stringify(window)).join('\n')}\n`);
      }
      faults.settle();
    });
}

/** The window settings with another step, within the bounds that hold for `window.step`. Throws {@link UsageError}. */
function withStep(config: WindowConfig, step: string): WindowConfig {
  durationToMs(step);
  const result = WindowConfig.safeParse({ step, grace: '1ms' });
  if (!result.success) {
    throw new UsageError(
      `a step of ${step} cannot be used`,
      'Write a duration from 100ms to 1d: 500ms, 10s, 5m.',
    );
  }
  const { stepMs } = result.data;
  return { ...config, stepMs, graceMs: Math.min(config.graceMs, stepMs) };
}
