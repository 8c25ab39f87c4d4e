import { isIP } from 'node:net';
import { z } from 'zod';
import { DAY_MS } from '../core/index.js';
import { DurationSchema } from '../domain/index.js';

/** An address or a CIDR block; host bits are ignored. */
const NetworkSchema = z.string().refine(isNetwork, {
  error: ({ input }) =>
    `"${input}" is not a network; write an address or a CIDR block: 10.0.0.0/8, 2001:db8::/32`,
});

function isNetwork(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128));
}

/** Names an application; every condition that is given must hold, and the first rule that matches wins. */
export const ApplicationRuleConfig = z.strictObject({
  name: z.string().min(1),
  /** Server addresses or CIDR blocks; none: any. */
  servers: z.array(NetworkSchema).default([]),
  ports: z.array(z.int().min(1).max(65_535)).default([]),
  /** Host names; `*.example.org` for all names below it; none: any. */
  hosts: z.array(z.string()).default([]),
});
export type ApplicationRuleConfig = z.infer<typeof ApplicationRuleConfig>;

/** Names the clients of some networks; the longest prefix wins. */
export const ClientRuleConfig = z.strictObject({
  name: z.string().min(1),
  /** Addresses or CIDR blocks. */
  networks: z.array(NetworkSchema).min(1),
});
export type ClientRuleConfig = z.infer<typeof ClientRuleConfig>;

/** Refines what is discovered without it: applications by `host:port`, clients by address. */
export const IdentityConfig = z.strictObject({
  applications: z.array(ApplicationRuleConfig).default([]),
  clients: z.array(ClientRuleConfig).default([]),
  /** Bounds of the tables; what comes beyond counts as `other`. Clients are counted per application. */
  maxApplications: z.int().min(4).max(65_535).default(1_024),
  maxClients: z.int().min(1).max(10_000_000).default(100_000),
});
export type IdentityConfig = z.infer<typeof IdentityConfig>;

const MIN_STEP_MS = 100;

/** How windows are cut: durations are strings, the units of the result are in its names. */
export const WindowConfig = z
  .strictObject({
    step: DurationSchema.prefault('10s'),
    /** How long a step stays open for what was captured a little out of order; at most the step. */
    grace: DurationSchema.prefault('1s'),
    /** Routes, and pairs of successive routes, told apart in a window. */
    topRoutes: z.int().min(1).max(1_024).default(32),
    topTransitions: z.int().min(1).max(1_024).default(32),
  })
  .refine(({ step }) => step >= MIN_STEP_MS && step <= DAY_MS, {
    path: ['step'],
    error: 'A window is at least 100ms and at most 1d long',
  })
  .refine(({ grace, step }) => grace <= step, { path: ['grace'], error: 'grace must not exceed step' })
  .transform(({ step, grace, ...rest }) => ({ stepMs: step, graceMs: grace, ...rest }));
export type WindowConfig = z.infer<typeof WindowConfig>;
