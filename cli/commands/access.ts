import type { Command } from 'commander';
import { userError } from '../../foundation/errors.ts';
import { connect } from '../data-folder.ts';
import { type Acting, acting, choice, count, type Saying, saying } from '../options.ts';
import { print } from '../output.ts';
import { tokenLines } from '../print.ts';

/** Commands about who may do what. */
export function addAccessCommands(program: Command): void {
  acting(program.command('sign-in'))
    .description('print a one-time link that signs a browser in to the console')
    .action(async ({ as, json }: Acting) => {
      const link = await connect({ as }).makeSignInLink();
      print(json, link, () => [link.url]);
    });
  acting(program.command('token'))
    .description('make an access token for a script, shown this once: set MAINSTAY_URL and MAINSTAY_TOKEN there')
    .argument('<name>', 'what it is for')
    .addOption(choice('--role <role>', 'owner or viewer', ['owner', 'viewer']).default('viewer'))
    .addOption(count('--days <days>', 'until it expires; default: never', { least: 1, most: 3650 }))
    .action(async (name: string, { role, days, as, json }: TokenOptions) => {
      const made = await connect({ as }).makeToken({ name, role, days });
      // What was asked for is shown, once: the redactor does not know it.
      print(json, made, () => [made.token]);
    });
  saying(program.command('tokens'))
    .description('the access tokens that there are, without their secret')
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

interface TokenOptions extends Acting {
  readonly role: 'owner' | 'viewer';
  readonly days?: number;
}
