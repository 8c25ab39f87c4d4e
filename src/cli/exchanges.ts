import { Command, Option } from 'commander';
import { readExchanges } from '../dataplane/index.js';
import { FaultReport, FILE_ARGUMENT, parseInputs } from './input.js';
import { writeFully } from './output.js';

/** `foretap exchanges FILE…`: one row an exchange, in order of request time. */
export function createExchangesCommand(): Command {
  return new Command('exchanges')
    .description('Print one row an exchange (a request and its answer), in order of request time.')
    .argument('<file...>', FILE_ARGUMENT)
    .addOption(
      new Option('--format <format>', 'how rows are written').choices(['tsv', 'ndjson']).default('tsv'),
    )
    .action(async (files: string[], options: { format: 'tsv' | 'ndjson' }) => {
      const faults = new FaultReport((text) => process.stderr.write(text));
      const rows = readExchanges({
        inputs: parseInputs(files),
        format: options.format,
        onFault: (fault) => faults.add(fault),
      });
      for await (const chunk of rows) await writeFully(process.stdout, chunk);
      faults.settle();
    });
}
