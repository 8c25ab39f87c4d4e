import { z } from 'zod';

/** One request and its final answer, as `foretap exchanges --format ndjson` prints it. `null` where unknown. */
export const Exchange = z.object({
  client_ip: z.string(),
  client_port: z.int(),
  server_ip: z.string(),
  server_port: z.int(),
  version: z.enum(['HTTP/1.0', 'HTTP/1.1', 'HTTP/2']).nullable(),
  method: z.string().nullable(),
  host: z.string().nullable(),
  path: z.string().nullable(),
  status: z.int().nullable(),
  request_content_length: z.int().nullable(),
  response_content_length: z.int().nullable(),
  request_start_s: z.number(),
  response_start_s: z.number().nullable(),
  response_end_s: z.number().nullable(),
  request_bytes: z.int(),
  response_bytes: z.int().nullable(),
  outcome: z.enum(['answered', 'missed', 'closed', 'evicted']),
});
export type Exchange = z.infer<typeof Exchange>;
