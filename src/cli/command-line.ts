// One file a command; this one gathers them and turns every ending into an exit code.
import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { EXIT_CODE, type ExitCode, ForetapError, UsageError } from '../core/index.js';
import { createBacktestCommand } from './backtest.js';
import { createExchangesCommand } from './exchanges.js';
import { createExplainCommand } from './explain.js';
import { describeError } from './output.js';
import { createReplayCommand } from './replay.js';
import { createSynthCommand } from './synth.js';
import { createUpCommand } from './up.js';
import { createWindowsCommand } from './windows.js';

export function createProgram(): Command {
  const program = new Command('foretap')
    .description(
      'Predictive scaling from a network tap: the next resource is warm before the demand arrives.',
    )
    .version('0.1.0')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed while running, 2 wrong usage or configuration, 3 input unreadable.',
    );
  const commands = [
    createUpCommand(),
    createReplayCommand(),
    createExchangesCommand(),
    createWindowsCommand(),
    createSynthCommand(),
    createExplainCommand(),
    createBacktestCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  for (const command of [program, ...commands]) {
    command.exitOverride().allowExcessArguments(false).configureOutput(usageErrorOutput(command));
  }
  return program;
}

/** What commander finds wrong, in the form of every other error: what, then the cure. */
function usageErrorOutput(command: Command): OutputConfiguration {
  const help = command.parent ? `foretap ${command.name()} --help` : 'foretap --help';
  return {
    outputError: (text, write) => {
      const message = text.trim().replace(/^error: /, '');
      write(describeError(new UsageError(message, `${help} shows what there is.`)));
    },
  };
}

/** Runs one command line to its end. Never throws; says on stderr what went wrong. */
export async function runCommandLine(argv: readonly string[]): Promise<ExitCode> {
  try {
    await createProgram().parseAsync([...argv]);
    return (process.exitCode as ExitCode | undefined) ?? EXIT_CODE.done;
  } catch (error) {
    // Commander has already printed its message; help and version end with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODE.done : EXIT_CODE.usage;
    process.stderr.write(describeError(error));
    return error instanceof ForetapError ? error.exitCode : EXIT_CODE.failed;
  }
}
