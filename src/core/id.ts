import { createHash } from 'node:crypto';

/**
 * An id derived from what it names, so that a restarted process gives the same thing the same id and repeats are
 * recognized: `createId('dec', 'shop', '10.0.0.7', 1700000000000)` → `dec-` and 16 lower-case hex digits.
 */
export function createId(prefix: string, ...parts: (string | number)[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return `${prefix}-${digest.slice(0, 16)}`;
}
