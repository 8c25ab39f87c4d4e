// Readers that have enough: the command ends at once, successfully and without a word.
import { describe, expect, it } from 'vitest';
import { createFolder, endOf, expectOneError, fixture, foretap, startForetap } from './command.js';

/** Starts the command, closes its stdout after the first chunk, and gives that chunk and the ending. */
async function readOnce(args: readonly string[]) {
  const child = startForetap(args);
  const ending = endOf(child);
  const first = await new Promise<string>((done) =>
    child.stdout!.once('data', (chunk) => done(String(chunk))),
  );
  child.stdout!.destroy();
  return { first, ...(await ending) };
}

describe('a reader that closes the pipe', () => {
  it.each([
    // More than a pipe holds, so that the command has to notice.
    ['exchanges', ['exchanges', 'synth:daily?days=0.5']],
    ['windows', ['windows', 'synth:daily?days=0.5']],
    ['synth', ['synth', 'daily?days=0.5']],
  ])('%s', async (_, args) => {
    const { first, exitCode, stderr } = await readOnce(args);
    expect(first.length).toBeGreaterThan(0);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  it('before anything was written', async () => {
    const child = startForetap(['exchanges', fixture('wrk-burst.pcap')]);
    child.stdout!.destroy();
    expect(await endOf(child)).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('of the whole line leaves a store that can be opened again', async () => {
    const folder = createFolder();
    const store = folder.at('foretap.duckdb');
    const args = ['up', '--replay', fixture('wrk-burst.pcap'), '--store', store];
    const child = startForetap(args);
    child.stdout!.destroy();
    expect(await endOf(child)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await endOf(startForetap(args))).toMatchObject({ exitCode: 0, stderr: '' });
    folder.remove();
  });
});

describe('an output that is full', () => {
  const intoFull = ['sh', '-c', 'exec "$@" >/dev/full', 'sh'];
  const capture = fixture('methods.pcap');

  it.each([
    ['exchanges', ['exchanges', capture]],
    ['windows', ['windows', capture]],
    ['synth', ['synth', 'daily?days=0.01']],
    ['the whole line', ['up', '--replay', capture, '--store', ':memory:']],
  ])('%s', async (_, args) => {
    expectOneError(
      await foretap(args, { wrapper: intoFull }),
      1,
      'cannot write stdout',
      'no space left',
      'Free space',
    );
  });

  it('is named where it is a file', async () => {
    const ending = await foretap(['synth', 'daily?days=0.01', '--out', '/dev/full']);
    expectOneError(ending, 1, 'cannot write /dev/full', 'no space left');
  });
});
