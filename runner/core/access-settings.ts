import { z } from 'zod';
import { duration } from './duration.ts';
import { strict } from './settings-mistakes.ts';
import { size } from './size.ts';

const MIB = 2 ** 20;

/** For other settings that say what somebody's operations may see. */
export const access = {
  credentials: z.string().min(1).optional().describe(`Name of credentials in the runner's own file. Default: none.`),
  environment: z
    .array(z.string().min(1))
    .optional()
    .describe(
      `Which of the variables that the runner passes (MAINSTAY_PASS) are seen, with \`*\`. Default: none where \`credentials\` are named, else all.`,
    ),
};

/** What the operations that change something may see: updates, corrections, looks for drift. */
export const updateAccessSettings = strict(access);

/** What a program may use. */
export const limits = {
  time: duration({ atLeast: 1000, atMost: 24 * 3_600_000 })
    .prefault('30m')
    .describe('The longest that one may take.'),
  memory: size({ atLeast: 128 * MIB, atMost: 1024 * 1024 * MIB })
    .prefault('4GiB')
    .describe('The most memory that its program may hold, with all that it starts.'),
  output: size({ atLeast: 1024, atMost: 1024 * MIB })
    .prefault('16MiB')
    .describe('The most text that its program may write.'),
};

/** What previews may see and use. They run what nobody has reviewed yet: give them less than updates. */
export const previewSettings = strict({ ...access, ...limits });

export type AccessSettings = z.output<typeof updateAccessSettings>;
export type PreviewSettings = z.output<typeof previewSettings>;
