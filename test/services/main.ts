// `tsx test/services/main.ts`: installs what tests and measurements need on a fresh machine, or says what cannot be.
import { ensureTools, explainMissingSpan, TOOLS, type ToolName } from './index.js';

try {
  const paths = ensureTools(Object.keys(TOOLS) as ToolName[]);
  for (const [name, path] of Object.entries(paths)) process.stdout.write(`${name.padEnd(10)}${path}\n`);
  process.stdout.write(`mirror    ${explainMissingSpan() ?? 'possible'}\n`);
} catch (error) {
  process.stderr.write(`services: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
