import { z } from 'zod';
import { strict } from './settings-mistakes.ts';

const patterns = z
  .array(
    z
      .string()
      .min(1)
      .regex(/^(?!!)/, 'may not begin with !: a pattern gives, it takes nothing away'),
  )
  .min(1)
  .optional();
const names = z.array(z.string().min(1)).min(1).optional();

/** A grant of the runner's own file: a role, the stacks that it is for, and whose it is. */
export const grantSettings = strict({
  role: z.enum(['viewer', 'operator', 'approver', 'owner']).describe('What they are.'),
  repositories: patterns.describe('Of which repositories, with `*`. Default: all.'),
  stacks: patterns.describe('For which stacks, by id or name, with `*`. Default: all.'),
  environments: patterns.describe('In which environments, with `*`. Default: all.'),
  accounts: names.describe('Names of accounts that sign in by a one-time link.'),
  groups: names.describe('Groups, as the provider of identities names them.'),
  emails: names.describe('Addresses that the provider of identities says are verified.'),
}).refine(({ accounts, groups, emails }) => accounts ?? groups ?? emails, {
  message: 'is nobody’s: add accounts, groups or emails',
});
