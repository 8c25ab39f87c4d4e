import { Command } from 'commander';
import { synthesize } from '../dataplane/index.js';
import { closeOutput, openOutput, writeFully } from './output.js';

/** `foretap synth SPEC`: a valid capture from a demand curve, streamed. */
export function createSynthCommand(): Command {
  return new Command('synth')
    .description(
      'Make a capture from a demand curve: a preset (daily, weekly, flash-crowd, demo), PRESET?key=value&…, or a JSON file.',
    )
    .argument('<spec>', 'what to generate; docs/synth.md describes it')
    .option('--out <file>', 'where the capture (pcap) goes', '-')
    .action(async (spec: string, options: { out: string }) => {
      const chunks = synthesize({ spec });
      const out = await openOutput(options.out);
      for await (const chunk of chunks) await writeFully(out, chunk);
      await closeOutput(out);
    });
}
