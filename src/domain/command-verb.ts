import { z } from 'zod';

export const COMMAND_VERBS = ['warm', 'shift', 'resize', 'cool', 'retire', 'throttle'] as const;
export const CommandVerb = z.enum(COMMAND_VERBS);
export type CommandVerb = z.infer<typeof CommandVerb>;
