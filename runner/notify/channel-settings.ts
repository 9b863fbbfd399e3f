import { z } from 'zod';
import { NOTICE_KINDS } from '../core/notice.ts';
import { strict } from '../core/settings-mistakes.ts';
import { isInTheClear } from './email.ts';

const common = {
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'may have letters, digits, dots, dashes and underscores')
    .describe('What it is called; a new name begins anew.'),
  on: z
    .array(z.enum(NOTICE_KINDS))
    .min(1)
    .default([...NOTICE_KINDS])
    .describe('What is told.'),
  everySeconds: z.number().int().min(1).max(3600).default(10).describe('The shortest time between two messages.'),
};

/** `ada@example.org`, or with a name before it: `Ada <ada@example.org>`. One line, one address. */
const mailbox = z
  .string()
  .max(300)
  .regex(
    /^(?:[^\p{C}<>,;"@]+ )?<[^\s<>,;"@]+@[^\s<>,;"@]+>$|^[^\s<>,;"@]+@[^\s<>,;"@]+$/u,
    'is no address as in ada@example.org or Ada <ada@example.org>',
  );

/** A channel in the runner's own file. `secret` is how that file says where a secret is. */
export function channelSettings<S extends z.ZodType>(secret: S) {
  const url = secret.describe('Where messages are posted to. Whoever knows it can write there: so it is a secret.');
  return z.discriminatedUnion('kind', [
    strict({ ...common, url, kind: z.literal('slack') }),
    strict({ ...common, url, kind: z.literal('webhook'), secret: secret.describe('What messages are signed with.') }),
    strict({
      ...common,
      kind: z.literal('email'),
      host: z
        .string()
        .regex(/^[\w.:-]+$/, 'is no name of a server')
        .describe('The mail server.'),
      port: z.number().int().min(1).max(65_535).optional().describe('Default: 587, 465 or 25, as `tls` has it.'),
      tls: z
        .enum(['starttls', 'implicit', 'none'])
        .default('starttls')
        .describe('`none` is in the clear: for a server on this machine, or without a password.'),
      username: z.string().min(1).optional().describe('Default: nobody signs in.'),
      password: secret.optional(),
      ca: secret.optional().describe('Where the certificate of an authority of your own is, as {file: path}.'),
      from: mailbox,
      to: z.array(mailbox).min(1).max(100),
    })
      .refine(({ username, password }) => (username === undefined) === (password === undefined), {
        message: 'has to have both, a username and a password, or neither',
      })
      .refine((settings) => !isInTheClear(settings), {
        path: ['tls'],
        message: 'would send the password in the clear: leave it out, or say starttls or implicit',
      }),
  ]);
}
