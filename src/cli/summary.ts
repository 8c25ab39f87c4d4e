import { msToDuration, msToIso } from '../core/index.js';
import type { BehaviorProfile } from '../domain/index.js';
import type { ClientScore } from '../engine/index.js';
import { formatRate } from './event-line.js';
import { formatTable } from './output.js';

/** Clients that the table shows; the rest is counted below it. */
const MAX_SUMMARY_ROWS = 40;

/** What the run came to, for one client. */
export interface SummaryRow {
  profile: BehaviorProfile;
  /** `null` while there was too little traffic for a review. */
  score: ClientScore | null;
}

/** One line a client: demand, forecast skill, decisions, and how long before the demand its shadows were ready. */
export function formatSummary(rows: readonly SummaryRow[]): string {
  if (rows.length === 0) return 'No client was seen: no HTTP request was read.\n';
  const shown = rows.slice(0, MAX_SUMMARY_ROWS);
  const table = formatTable(
    [
      { title: 'application' },
      { title: 'client' },
      { title: 'mean', align: 'right' },
      { title: 'peak', align: 'right' },
      { title: 'peak at' },
      { title: 'skill', align: 'right' },
      { title: 'out', align: 'right' },
      { title: 'in', align: 'right' },
      { title: 'ready before demand', align: 'right' },
      { title: 'short', align: 'right' },
    ],
    shown.map(toCells),
  );
  const rest =
    rows.length > shown.length ? `… and ${rows.length - shown.length} clients with less demand\n` : '';
  return `${table}${rest}${LEGEND}`;
}

const LEGEND = `mean, peak: requests/s over minutes · skill: how much smaller the forecast's loss is than that of "as it is now" · out, in: scaling decisions
ready before demand: how long a shadow was ready before demand first exceeded what stood before it (shortest–longest; of how many needed)
short: minutes with more demand than the serving resources bear
`;

function toCells({ profile, score }: SummaryRow): string[] {
  const { requestRate } = profile;
  return [
    profile.application,
    profile.client,
    formatRate(score && score.steps > 0 ? score.meanPerSecond : requestRate.meanPerSecond),
    formatRate(score && score.steps > 0 ? score.peakPerSecond : requestRate.peakPerSecond),
    msToIso(score?.peakAtMs ?? requestRate.peakAtMs).slice(0, 16),
    score?.skillRatio == null ? '–' : `${Math.round((1 - score.skillRatio) * 100)} %`,
    String(score?.scaleOuts ?? 0),
    String(score?.scaleIns ?? 0),
    describeReadiness(score),
    score && score.unservedMinutes > 0 ? msToDuration(score.unservedMinutes * 60_000) : '–',
  ];
}

/** `2m10s–4m, 5 of 6`: the margins of the shadows that were needed; a late one is negative. */
function describeReadiness(score: ClientScore | null): string {
  if (!score || score.readiness.length === 0) return '–';
  const marginsMs = score.readiness
    .filter((readiness) => readiness.neededAtMs !== null)
    .map((readiness) => readiness.neededAtMs! - readiness.readyAtMs)
    .sort((a, b) => a - b);
  const count = `${marginsMs.length} of ${score.readiness.length}`;
  if (marginsMs.length === 0) return count;
  const [shortest, longest] = [msToDuration(marginsMs[0]!), msToDuration(marginsMs.at(-1)!)];
  return `${shortest === longest ? shortest : `${shortest}–${longest}`}, ${count}`;
}
