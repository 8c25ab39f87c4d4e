import type { Alert, ClientKey, CommandVerb, Outcome, ShadowCommand } from '../domain/index.js';

/** The root of all subjects and event types; the version grows when an older reader would misread. */
export const EVENT_ROOT = 'foretap.v1';
/** Every event of ours. */
export const EVENT_PATTERN = `${EVENT_ROOT}.>`;
/** What each kind of reader subscribes to. */
export const COMMAND_PATTERN = `${EVENT_ROOT}.command.>`;
export const REPORT_PATTERN = `${EVENT_ROOT}.report.>`;
export const ALERT_PATTERN = `${EVENT_ROOT}.alert.>`;

/** `foretap.v1.command.<application>.<client>.<verb>` */
export function commandSubject(command: Pick<ShadowCommand, keyof ClientKey | 'verb'>): string {
  return subjectOf('command', command, command.verb);
}

/** `foretap.v1.report.<application>.<client>.<kind>` */
export function reportSubject(outcome: Pick<Outcome, keyof ClientKey | 'kind'>): string {
  return subjectOf('report', outcome, outcome.kind);
}

/** `foretap.v1.alert.<application>.<client>.<kind>` */
export function alertSubject(alert: Pick<Alert, keyof ClientKey | 'kind'>): string {
  return subjectOf('alert', alert, alert.kind);
}

function subjectOf(
  family: string,
  key: ClientKey,
  last: CommandVerb | Outcome['kind'] | Alert['kind'],
): string {
  return `${EVENT_ROOT}.${family}.${encodeToken(key.application)}.${encodeToken(key.client)}.${last}`;
}

/**
 * Any text as one token of a NATS subject: letters, digits and `:@+-` stay, a dot becomes `_`, and every other byte of the UTF-8
 * text becomes `=XX`. `10.0.0.7` → `10_0_0_7`, `my_app *` → `my=5Fapp=20=2A`.
 */
export function encodeToken(text: string): string {
  if (PLAIN.test(text)) return text.replaceAll('.', '_');
  let token = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    if (character === '.') token += '_';
    else if (byte < 0x80 && PLAIN.test(character)) token += character;
    else token += `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return token;
}

/** The inverse of {@link encodeToken}. */
export function decodeToken(token: string): string {
  const dotted = token.replaceAll('_', '.');
  if (!dotted.includes('=')) return dotted;
  const bytes = dotted.replace(/=([0-9A-F]{2})/g, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

const PLAIN = /^[A-Za-z0-9.:@+-]+$/;

/** Whether a subject matches a pattern in which `*` stands for one token and a final `>` for one or more. */
export function isSubjectMatch(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  for (let index = 0; index < wanted.length; index++) {
    if (wanted[index] === '>') return index === wanted.length - 1 && tokens.length > index;
    if (index >= tokens.length || (wanted[index] !== '*' && wanted[index] !== tokens[index])) return false;
  }
  return tokens.length === wanted.length;
}
