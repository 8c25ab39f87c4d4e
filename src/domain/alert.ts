import { z } from 'zod';
import { ClientKey, EpochMsSchema } from './key.js';

export const ALERT_KINDS = ['capped_by_quota', 'capped_by_budget', 'missing_data', 'shadow_failed'] as const;
export const AlertKind = z.enum(ALERT_KINDS);
export type AlertKind = z.infer<typeof AlertKind>;

/** What a person should hear of: capacity falls short and foretap cannot or may not mend it. */
export const Alert = ClientKey.extend({
  kind: AlertKind,
  atMs: EpochMsSchema,
  /** The decision or the shadow that it is about. */
  aboutId: z.string(),
  /** What is the matter, one sentence. */
  message: z.string(),
});
export type Alert = z.infer<typeof Alert>;
