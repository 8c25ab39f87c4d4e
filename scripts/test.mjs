// `npm test`: from a fresh clone to a verdict. Installs and builds what is missing, then lints and tests everything,
// and ends with one line, `N passed, N failed`. With `--ci` also installs the tools of the measurements, compares the
// corpora and runs the benchmark's short form; `.ci/run` calls it so. Uses nothing but Node itself.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const NATIVE = join(ROOT, 'native-bindings');
const CORPUS = resolve(ROOT, '../shared/pcaps');
const FIXTURES = join(ROOT, 'fixtures-pcap');

const isCi = process.argv.includes('--ci');
const scratch = mkdtempSync(join(tmpdir(), 'foretap-test-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

const totals = { passed: 0, failed: 0 };
const failures = [];

/** Runs a command, shows its output as it comes, and gives its exit code and what it wrote to stdout. */
function run(command, args, cwd = ROOT) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      process.stdout.write(chunk);
    });
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      done({ exitCode: 127, stdout });
    });
    child.on('close', (exitCode) => done({ exitCode: exitCode ?? 1, stdout }));
  });
}

function heading(name) {
  process.stdout.write(`\n== ${name}\n`);
}

function add(name, passed, failed) {
  totals.passed += passed;
  totals.failed += failed;
  if (failed > 0) failures.push(`${name}: ${failed} failed`);
}

/** A step that counts as one test. */
async function check(name, command, args, cwd) {
  heading(name);
  const { exitCode } = await run(command, args, cwd);
  add(name, exitCode === 0 ? 1 : 0, exitCode === 0 ? 0 : 1);
  return exitCode === 0;
}

/** A step without which the others say nothing: its failure ends the run. */
async function need(name, command, args, cwd) {
  heading(name);
  const { exitCode } = await run(command, args, cwd);
  if (exitCode === 0) return;
  add(name, 0, 1);
  finish();
}

function finish() {
  process.stdout.write('\n');
  for (const failure of failures) process.stdout.write(`FAIL ${failure}\n`);
  process.stdout.write(`${totals.passed} passed, ${totals.failed} failed\n`);
  process.exit(totals.failed === 0 ? 0 : 1);
}

async function testNative() {
  heading('cargo test');
  const { exitCode, stdout } = await run('cargo', ['test', '--workspace', '--no-fail-fast'], NATIVE);
  const results = [...stdout.matchAll(/^test result: \S+ (\d+) passed; (\d+) failed/gm)];
  const sum = (group) => results.reduce((total, match) => total + Number(match[group]), 0);
  // A crate that does not compile prints no result.
  add('cargo test', sum(1), Math.max(sum(2), exitCode === 0 ? 0 : 1));
}

async function testTypeScript() {
  heading('vitest');
  const reportPath = join(scratch, 'vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`];
  const { exitCode } = await run('npx', ['vitest', 'run', ...reporters]);
  const report = existsSync(reportPath) ? JSON.parse(readFileSync(reportPath, 'utf8')) : {};
  // A file that does not load has no tests that could fail.
  add('vitest', report.numPassedTests ?? 0, Math.max(report.numFailedTests ?? 0, exitCode === 0 ? 0 : 1));
}

await need('set-up', process.execPath, ['scripts/set-up.mjs']);
await check('services', 'npx', ['tsx', 'test/services/main.ts', ...(isCi ? [] : ['tshark'])]);
await check('biome', 'npx', ['biome', 'check', '.']);
await check('types', 'npx', ['tsc', '-p', 'tsconfig.test.json']);
await check('cargo fmt', 'cargo', ['fmt', '--check'], NATIVE);
await check('cargo clippy', 'cargo', ['clippy', '--all-targets', '--', '-D', 'warnings'], NATIVE);
await testNative();
await testTypeScript();
if (isCi) {
  await check('corpus of fixtures', 'npx', ['tsx', 'test/corpus/main.ts', FIXTURES, '--strict']);
  if (existsSync(CORPUS)) await check('corpus', 'npx', ['tsx', 'test/corpus/main.ts', CORPUS]);
  await check('bench, short', 'npx', ['tsx', 'test/bench/main.ts', '--smoke']);
}
finish();
