import { z } from 'zod';

/** Whose demand on what: every series, profile, forecast, decision and shadow belongs to one of these. */
export const ClientKey = z.object({
  /** An application's id: its configured name, else `host:port` or `address:port` as discovered. */
  application: z.string().min(1),
  /** A client's id: its configured name, else its address. */
  client: z.string().min(1),
});
export type ClientKey = z.infer<typeof ClientKey>;

/** One string per key, for maps; `\u0000` occurs in neither part. */
export function clientKeyToString(key: ClientKey): string {
  return `${key.application}\u0000${key.client}`;
}

/** UTC milliseconds, integer. */
export const EpochMsSchema = z.int().nonnegative();
/** A proportion, 0 to 1. */
export const RatioSchema = z.number().min(0).max(1);
