// Brings a checkout to where foretap runs: prerequisites, packages, build. Both README commands start here.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a command with the terminal's own output on stderr; ends the process with its exit code if it fails. */
export function run(command, args, label) {
  process.stderr.write(`\n▸ ${label}\n`);
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    process.stderr.write(`foretap: ${label} failed${error ? `: ${error.message}` : ''}\n`);
    process.exit(status ?? 1);
  }
}

/** Installs where the lock file is newer than what is installed, then builds; both are quick when nothing changed. */
export function setUp() {
  run(process.execPath, ['scripts/check-prerequisites.mjs'], 'Checking prerequisites');
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  const isStale =
    !existsSync(installed) || statSync(join(ROOT, 'package-lock.json')).mtimeMs > statSync(installed).mtimeMs;
  if (isStale) {
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'Installing packages');
    // npm leaves the file alone where nothing had to change.
    utimesSync(installed, new Date(), new Date());
  }
  run('npm', ['run', 'build', '--silent'], 'Building the data plane (Rust) and foretap (TypeScript)');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp();
