import type { Command } from 'commander';
import { userError } from '../../foundation/errors.ts';
import { ROLES } from '../../runner/api/access-words.ts';
import type { ApiClient } from '../../runner/api/client.ts';
import type { AccountResponse, GrantRequest } from '../../runner/api/responses.ts';
import { connect } from '../data-folder.ts';
import { type Acting, acting, choice, count, type Saying, saying } from '../options.ts';
import { print } from '../output.ts';
import { accountLines, tokenLines } from '../print.ts';

/** Commands about who may do what. */
export function addAccessCommands(program: Command): void {
  addSigningIn(program);
  addAccounts(program);
  addGrants(program);
  addTokens(program);
}

function addSigningIn(program: Command): void {
  acting(program.command('sign-in'))
    .description('print a one-time link that signs a browser in to the console')
    .argument('[account]', 'whom: a name or an id; default: who asks')
    .action(async (name: string | undefined, { as, json }: Acting) => {
      const api = connect({ as });
      const link =
        name === undefined ? await api.makeSignInLink() : await api.makeAccountLink((await find(api, name)).id);
      print(json, link, () => [link.url]);
    });
  saying(program.command('whoami'))
    .description('who asks, and what they may do')
    .action(async ({ json }: Saying) => {
      const session = await connect().session();
      print(json, session, () => accountLines([session.account]));
    });
}

function addAccounts(program: Command): void {
  saying(program.command('accounts'))
    .description('who has an account, and what they may do')
    .action(async ({ json }: Saying) => {
      const accounts = await connect().accounts();
      print(json, accounts, () => accountLines(accounts));
    });
  granting(acting(program.command('add-account')))
    .description('make an account, and print the one-time link that signs it in')
    .argument('<name>', 'what approvals and the audit trail call them')
    .action(async (name: string, options: GrantOptions) => {
      const made = await connect(options).makeAccount({ name, grants: [grantOf(options)] });
      print(options.json, made, () => [made.url]);
    });
  acting(program.command('remove-account'))
    .description('remove an account with its sessions and tokens')
    .argument('<account>', 'a name or an id')
    .action(async (name: string, { as, json }: Acting) => {
      const api = connect({ as });
      const account = await find(api, name);
      await api.removeAccount(account.id);
      print(json, { did: 'remove-account', id: account.id }, () => [`remove-account: ${account.name}`]);
    });
}

function addGrants(program: Command): void {
  granting(acting(program.command('grant')))
    .description('give an account a role, beside those that it has')
    .argument('<account>', 'a name or an id')
    .action(async (name: string, options: GrantOptions) => {
      const api = connect(options);
      const { id, given } = await find(api, name);
      const account = await api.setGrants(id, [...given, grantOf(options)]);
      print(options.json, account, () => accountLines([account]));
    });
  acting(program.command('revoke'))
    .description("take back what an account was given; what the runner's file gives it stays")
    .argument('<account>', 'a name or an id')
    .addOption(choice('--role <role>', 'only this role', ROLES))
    .action(async (name: string, { role, as, json }: Acting & { readonly role?: GrantRequest['role'] }) => {
      const api = connect({ as });
      const { id, given } = await find(api, name);
      const account = await api.setGrants(id, role === undefined ? [] : given.filter((grant) => grant.role !== role));
      print(json, account, () => accountLines([account]));
    });
}

function addTokens(program: Command): void {
  granting(acting(program.command('token')), { fallback: 'viewer' })
    .description('make an access token for a script, shown this once: set MAINSTAY_URL and MAINSTAY_TOKEN there')
    .argument('<name>', 'what it is for')
    .addOption(count('--days <days>', 'until it expires; default: never', { least: 1, most: 3650 }))
    .action(async (name: string, options: GrantOptions & { readonly days?: number }) => {
      const made = await connect(options).makeToken({ name, ...grantOf(options), days: options.days });
      // What was asked for is shown, once: the redactor does not know it.
      print(options.json, made, () => [made.token]);
    });
  saying(program.command('tokens'))
    .description('one’s own access tokens, or for an owner all, without their secret')
    .action(async ({ json }: Saying) => {
      const tokens = await connect().tokens();
      print(json, tokens, () => tokenLines(tokens));
    });
  acting(program.command('remove-token'))
    .description('end an access token now')
    .argument('<token>', 'its id, or its name where only one has that')
    .action(async (name: string, { as, json }: Acting) => {
      const api = connect({ as });
      const tokens = await api.tokens();
      const found = tokens.filter((token) => token.id === name || token.name === name);
      if (found.length !== 1)
        throw userError(
          found.length === 0
            ? `Cannot remove the token as there is none: ${name}. See \`mainstay tokens\`.`
            : `Cannot tell which token is meant as ${found.length} have the name: ${name}. Give its id: ${found.map(({ id }) => id).join(', ')}.`,
        );
      await api.removeToken(found[0]!.id);
      print(json, { did: 'remove-token', id: found[0]!.id }, () => [`remove-token: ${found[0]!.name}`]);
    });
}

interface GrantOptions extends Acting {
  readonly role: GrantRequest['role'];
  readonly repository?: readonly string[];
  readonly stack?: readonly string[];
  readonly environment?: readonly string[];
}

/** Adds the options that say a role and the stacks that it is for. */
function granting(command: Command, { fallback }: { readonly fallback?: GrantRequest['role'] } = {}): Command {
  const role = choice('--role <role>', ROLES.join(', '), ROLES);
  return command
    .addOption(fallback ? role.default(fallback) : role.makeOptionMandatory())
    .option('--repository <pattern...>', 'of which repositories, with *; default: all')
    .option('--stack <pattern...>', 'for which stacks, by id or name, with *; default: all')
    .option('--environment <pattern...>', 'in which environments, with *; default: all');
}

function grantOf({ role, repository, stack, environment }: GrantOptions): GrantRequest {
  return {
    role,
    ...(repository && { repositories: repository }),
    ...(stack && { stacks: stack }),
    ...(environment && { environments: environment }),
  };
}

async function find(api: ApiClient, name: string): Promise<AccountResponse> {
  const accounts = await api.accounts();
  const found = accounts.find((account) => account.id === name || account.name === name);
  if (found) return found;
  throw userError(
    `Cannot find the account as there is none: ${name}. There is: ${accounts.map((account) => account.name).join(', ') || 'none'}.`,
  );
}
