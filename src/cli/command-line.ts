// One file a command; this one gathers them and turns every ending into an exit code.
import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { EXIT_CODE, type ExitCode, ForetapError, UsageError } from '../core/index.js';
import { describeError } from './output.js';

/** One line a command. Loaded on demand: whoever wants rows of a capture need not wait for the store to load. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./up.js')).createUpCommand(),
  replay: async () => (await import('./replay.js')).createReplayCommand(),
  exchanges: async () => (await import('./exchanges.js')).createExchangesCommand(),
  windows: async () => (await import('./windows.js')).createWindowsCommand(),
  synth: async () => (await import('./synth.js')).createSynthCommand(),
  explain: async () => (await import('./explain.js')).createExplainCommand(),
  backtest: async () => (await import('./backtest.js')).createBacktestCommand(),
};

/** The program with the command that is asked for, or with all of them where none is: for the help and for suggestions. */
async function createProgram(asked: string | undefined): Promise<Command> {
  const program = new Command('foretap')
    .description(
      'Predictive scaling from a network tap: the next resource is warm before the demand arrives.',
    )
    .version('0.1.0')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed while running, 2 wrong usage or configuration, 3 input unreadable.',
    );
  const create = asked !== undefined && Object.hasOwn(COMMANDS, asked) ? COMMANDS[asked] : undefined;
  const commands = await Promise.all((create ? [create] : Object.values(COMMANDS)).map((load) => load()));
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
    const program = await createProgram(argv[2]);
    await program.parseAsync([...argv]);
    return (process.exitCode as ExitCode | undefined) ?? EXIT_CODE.done;
  } catch (error) {
    // Commander has already printed its message; help and version end with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODE.done : EXIT_CODE.usage;
    process.stderr.write(describeError(error));
    return error instanceof ForetapError ? error.exitCode : EXIT_CODE.failed;
  }
}
