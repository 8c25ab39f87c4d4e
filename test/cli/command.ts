// The real command, as a user starts it: `node dist/main.js …` in a process of its own. Build first: npm run build.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'dist/main.js');

/** The path of a capture that the repository holds. */
export function fixture(name: string): string {
  return join(ROOT, 'fixtures-pcap', name);
}

export interface Ending {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  stdin?: Buffer;
  /** A program and its arguments that start the command. */
  wrapper?: readonly string[];
}

/** Runs the command to its end. */
export function foretap(args: readonly string[], options: RunOptions = {}): Promise<Ending> {
  const child = startForetap(args, options);
  // A command that ends before it has read everything closes the pipe.
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.stdin);
  return endOf(child);
}

/** Starts the command with pipes on all three streams. */
export function startForetap(args: readonly string[], { cwd, wrapper = [] }: RunOptions = {}): ChildProcess {
  const [program, ...rest] = [...wrapper, process.execPath, MAIN, ...args];
  return spawn(program!, rest, { stdio: 'pipe', ...(cwd ? { cwd } : {}) });
}

/** What a started command has written once it is over. */
export function endOf(child: ChildProcess): Promise<Ending> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk) => stdout.push(chunk));
  child.stderr?.on('data', (chunk) => stderr.push(chunk));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (exitCode) =>
      done({ exitCode, stdout: String(Buffer.concat(stdout)), stderr: String(Buffer.concat(stderr)) }),
    );
  });
}

/** The lines of a text that ends with a line feed. */
export function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

/** Exactly one error on stderr, with everything in `parts` in it, and nothing that is of use to us only. */
export function expectOneError(
  ending: Ending,
  exitCode: number,
  ...parts: readonly (string | RegExp)[]
): void {
  const { stderr } = ending;
  expect(stderr.match(/^foretap: /gm), stderr).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at |defect|\.[jt]s:\d|undefined|\[object/m);
  for (const part of parts) expect(stderr).toMatch(part);
  expect(ending.exitCode, stderr).toBe(exitCode);
}

/** A folder of files for one test file; `remove` takes it away. */
export function createFolder(files: Readonly<Record<string, Buffer | string>> = {}) {
  const path = mkdtempSync(join(tmpdir(), 'foretap-cli-'));
  const put = (name: string, content: Buffer | string) => {
    writeFileSync(join(path, name), content);
    return join(path, name);
  };
  for (const [name, content] of Object.entries(files)) put(name, content);
  return {
    path,
    put,
    at: (name: string) => join(path, name),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The bytes as one zstd frame of uncompressed blocks (RFC 8878 § 3.1.1). */
export function toZstd(bytes: Uint8Array, blockBytes = 4096): Buffer {
  // Magic number; no checksum, no content size; a window of 128 KiB.
  const parts: Uint8Array[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38])];
  for (let offset = 0; offset < bytes.length; offset += blockBytes) {
    const block = bytes.subarray(offset, offset + blockBytes);
    const isLast = offset + blockBytes >= bytes.length;
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | Number(isLast), 0, 3);
    parts.push(header, block);
  }
  return Buffer.concat(parts);
}
