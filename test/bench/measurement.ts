// A command → what it costs: processor time and peak memory as the kernel accounts them. Builds the two small C
// programs that this needs; knows nothing of what the commands do.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureTools } from '../services/index.js';

/** One run of one command. */
export interface Run {
  /** User and system time. */
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly peakMemoryKib: number;
}

/** The C programs beside this file, built. */
export interface Instruments {
  readonly measure: string;
  readonly baseline: string;
}

/** Compiles `measure.c` and `baseline.c` into a directory. Throws with the compiler's words. */
export function buildInstruments(directory: string): Instruments {
  const { gcc } = ensureTools(['gcc', 'libc', 'libpcap']);
  mkdirSync(directory, { recursive: true });
  const compile = (name: string, ...libraries: string[]) => {
    const source = new URL(`${name}.c`, import.meta.url).pathname;
    const program = join(directory, name);
    const run = spawnSync(gcc, ['-O2', '-Wall', '-Wextra', '-o', program, source, ...libraries], {
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(`cannot compile ${source}: ${run.stderr}`);
    return program;
  };
  return { measure: compile('measure'), baseline: compile('baseline', '-lpcap') };
}

/** Packets of a capture, by its record headers. */
export function countPackets(instruments: Instruments, path: string): number {
  const run = spawnSync(instruments.baseline, ['walk', path], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`cannot read ${path}`);
  return Number(run.stdout.split(' ')[0]);
}

/** Runs a command once, its output discarded. Throws when it ends with another exit code than 0. */
export function measureRun(instruments: Instruments, command: readonly string[]): Run {
  const run = spawnSync(instruments.measure, command, { encoding: 'utf8' });
  const [userUs, systemUs, wallUs, peakMemoryKib, exitCode] = run.stdout.trim().split(' ').map(Number);
  if (run.status !== 0 || exitCode !== 0)
    throw new Error(`${command.join(' ')}: exit code ${exitCode ?? run.status}`);
  return { cpuMs: (userUs! + systemUs!) / 1_000, wallMs: wallUs! / 1_000, peakMemoryKib: peakMemoryKib! };
}

/** The middle value; the mean of the two middle ones of an even number. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
