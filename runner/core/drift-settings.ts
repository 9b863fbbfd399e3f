import { z } from 'zod';
import { duration } from './duration.ts';
import { strict } from './settings-mistakes.ts';
import { windowSettings } from './window-settings.ts';

/** A difference that is known and accepted for a while. */
const ignoreRule = strict({
  resource: z
    .string()
    .min(1)
    .default('*')
    .describe(
      'Which resources: a glob over the last part of the URN or the type, as in `web`, `kubernetes:apps/v1:Deployment`, `*`.',
    ),
  fields: z
    .array(z.string().min(1))
    .min(1)
    .default(['*'])
    .describe('Which properties and all below them: globs over paths, as in `spec.replicas`. Default: all.'),
  owner: z.string().min(1).describe('Whom to ask about it.'),
  until: z
    .string()
    .regex(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/, 'is no date: write it as 2026-12-31')
    .describe('The last day that it counts on.'),
  reason: z.string().min(1).optional(),
});

/** What is corrected unasked, at most. */
const limits = strict({
  changes: z.number().int().min(1).default(10).describe('More changed resources than this are only reported.'),
  creates: z.boolean().default(true).describe('Resources that are gone are made again.'),
});

/** How a stack is kept as its commit says. */
export const driftSettings = strict({
  mode: z
    .enum(['off', 'report', 'correct'])
    .default('report')
    .describe('`report` says what differs; `correct` also puts it back. Nothing is ever deleted or replaced unasked.'),
  every: duration({ atLeast: 1000 })
    .prefault('1h')
    .describe('How often it is looked at; stacks are spread out over that time.'),
  windows: z.array(windowSettings).default([]).describe('When it may be corrected. Default: always.'),
  limits: limits.prefault({}),
  ignore: z.array(ignoreRule).default([]),
});

export type DriftSettings = z.output<typeof driftSettings>;
export type DriftIgnoreRule = z.output<typeof ignoreRule>;
