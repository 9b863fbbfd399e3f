import { z } from 'zod';
import { duration } from './duration.ts';
import { strict } from './settings-mistakes.ts';

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/;

/** Single sign-on in the runner's own file. `secret` is how that file says where a secret is. */
export function signOnSettings<S extends z.ZodType>(secret: S) {
  return strict({
    issuer: z
      .url({ protocol: /^https?$/, error: 'is no address as in https://id.example.org' })
      .refine((text) => text.startsWith('https://') || LOOPBACK.test(text), {
        message: 'has to begin with https://: what comes from there decides who may do what',
      })
      .describe('The provider of identities: the address that /.well-known/openid-configuration is below.'),
    clientId: z.string().min(1).describe('What the provider calls this runner.'),
    clientSecret: secret.optional().describe('Default: none, for a public client with PKCE.'),
    name: z.string().min(1).max(60).optional().describe('What the button says. Default: the host of the issuer.'),
    scopes: z
      .array(z.string().regex(/^\S+$/, 'is one word'))
      .min(1)
      .default(['openid', 'profile', 'email'])
      .refine((scopes) => scopes.includes('openid'), { message: 'has to have openid' })
      .describe('What is asked for.'),
    groupsClaim: z
      .string()
      .min(1)
      .default('groups')
      .describe('Where the groups are, with dots for what is inside: realm_access.roles.'),
    nameClaim: z
      .string()
      .min(1)
      .default('preferred_username')
      .describe('What approvals call somebody; one that people cannot choose at the provider themselves.'),
    session: duration({ atLeast: 60_000, atMost: 30 * 86_400_000 })
      .prefault('8h')
      .describe('After that the provider is asked again.'),
    tokens: duration({ atLeast: 3_600_000 })
      .prefault('30d')
      .describe('How long access tokens count after their owner came from the provider last.'),
  });
}

export type SignOnSettings = Omit<z.output<ReturnType<typeof signOnSettings<z.ZodString>>>, 'clientSecret'> & {
  readonly clientSecret?: string | undefined;
};
