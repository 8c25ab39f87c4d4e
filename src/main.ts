#!/usr/bin/env node
// Composition root: builds the command line, maps errors to exit codes. What each command wires together is in cli/.
import { runCommandLine } from './cli/command-line.js';
import { describeError, OutputError } from './cli/output.js';
import { EXIT_CODE } from './core/index.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A closed pipe (`foretap exchanges … | head`) is the reader's choice, not a failure.
  if (error.code === 'EPIPE') process.exit(EXIT_CODE.done);
  process.stderr.write(describeError(new OutputError('stdout', error)));
  process.exit(EXIT_CODE.failed);
});

process.exitCode = await runCommandLine(process.argv);
