// `tsx test/services/main.ts [TOOL…]`: installs what tests and measurements need on a fresh machine, or says what cannot be; without
// arguments all of it, and whether a mirror port can be made.
import { ensureTools, explainMissingSpan, TOOLS, type ToolName } from './index.js';

try {
  const asked = process.argv.slice(2) as ToolName[];
  const paths = ensureTools(asked.length > 0 ? asked : (Object.keys(TOOLS) as ToolName[]));
  for (const [name, path] of Object.entries(paths)) process.stdout.write(`${name.padEnd(10)}${path}\n`);
  if (asked.length === 0) process.stdout.write(`mirror    ${explainMissingSpan() ?? 'possible'}\n`);
} catch (error) {
  process.stderr.write(`services: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
