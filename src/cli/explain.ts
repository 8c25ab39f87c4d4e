import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { loadConfig } from '../config/index.js';
import { EXIT_CODE, ForetapError, msToIso, SILENT_LOGGER, UsageError } from '../core/index.js';
import { explain } from '../decision/index.js';
import { openStore } from '../store/index.js';
import { STORE_OPTION, withStorePath } from './input.js';
import { formatTable, writeFully } from './output.js';

/** The ledger has no decision of that id. */
class UnknownDecisionError extends ForetapError {
  readonly code = 'DECISION_UNKNOWN';
  readonly exitCode = EXIT_CODE.usage;
}

const MAX_LISTED_DECISIONS = 20;

/** `foretap explain ID`: a decision of the ledger, in words; without an id, the latest decisions that changed something. */
export function createExplainCommand(): Command {
  return new Command('explain')
    .description(
      'Say in words why a decision was taken and what followed; without an id, list the latest ones.',
    )
    .argument('[id]', 'decision id, as printed with every event')
    .option(...STORE_OPTION)
    .option('--config <file>', 'YAML configuration')
    .action(async (id: string | undefined, options: { store?: string; config?: string }) => {
      const config = loadConfig(options.config ?? null);
      const storeConfig = withStorePath(config.store, options.store);
      const { path } = storeConfig;
      // Opening would create it, and then tell of an empty ledger.
      if (!existsSync(path)) {
        throw new UsageError(
          `there is no store ${path}`,
          'foretap up and foretap replay make one; name theirs with --store.',
        );
      }
      const store = await openStore(storeConfig, SILENT_LOGGER);
      try {
        await writeFully(
          process.stdout,
          id === undefined ? await listDecisions(store) : await explainDecision(store, id),
        );
      } finally {
        await store.close();
      }
    });
}

type OpenedStore = Awaited<ReturnType<typeof openStore>>;

async function explainDecision(store: OpenedStore, id: string): Promise<string> {
  const decision = await store.decisionById(id);
  if (!decision) {
    throw new UnknownDecisionError(
      `the ledger has no decision ${id}`,
      'foretap explain, without an id, lists the latest decisions; --store names another store.',
    );
  }
  const [forecast, commands, outcomes, shadows] = await Promise.all([
    decision.forecastId === null ? undefined : store.forecastById(decision.forecastId),
    store.commandsOfDecision(id),
    store.outcomesOfDecision(id),
    store.listShadows({ key: decision }),
  ]);
  return `${explain(decision, forecast ?? null, shadows, commands, outcomes)}\n`;
}

async function listDecisions(store: OpenedStore): Promise<string> {
  const changes = await Promise.all(
    (['scale_out', 'scale_in'] as const).map((action) =>
      store.listDecisions({ action, limit: MAX_LISTED_DECISIONS }),
    ),
  );
  const decisions = changes
    .flat()
    .sort((a, b) => a.decidedAtMs - b.decidedAtMs)
    .slice(-MAX_LISTED_DECISIONS);
  if (decisions.length === 0) return 'No decision has changed anything yet.\n';
  return formatTable(
    [
      { title: 'decision' },
      { title: 'time' },
      { title: 'application' },
      { title: 'client' },
      { title: 'resources', align: 'right' },
      { title: 'reason' },
    ],
    decisions.map((decision) => [
      decision.id,
      msToIso(decision.decidedAtMs),
      decision.application,
      decision.client,
      `${decision.currentResources} → ${decision.desiredResources}`,
      decision.reason,
    ]),
  );
}
