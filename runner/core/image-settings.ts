import semver from 'semver';
import { z } from 'zod';
import { duration } from './duration.ts';
import { strict } from './settings-mistakes.ts';

/** A registry and a path below it, as https://pkg.go.dev/github.com/distribution/reference has them; without tag and digest. */
const REPOSITORY = /^[a-z0-9.-]+(?::\d+)?(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)+$/;

/** An image that is built elsewhere: its newest version is promoted to the first stack of the path. */
export const imageSettings = strict({
  repository: z
    .string()
    .regex(REPOSITORY, 'is no image with its registry and without a tag, as in registry.example/shop/web')
    .describe('The image with its registry, without a tag: `registry.example/shop/web`.'),
  versions: z
    .string()
    .refine((text) => semver.validRange(text) !== null, 'is no range of versions, as in ">=1.2 <2"')
    .optional()
    .describe('Which tags count: semantic versions in this range, as in `>=1.2 <2`. The highest is the newest.'),
  tags: z
    .string()
    .regex(/^[\w.*-]{1,128}$/, 'is no tag, nor one in which * stands for anything')
    .refine((text) => !text.includes('**'), 'has two * beside each other')
    .optional()
    .describe(
      'Which tags count, instead of `versions`: `main-*`, where what the last `*` stands for orders them, numbers as numbers; or one tag, which is followed by its digest.',
    ),
  pin: z
    .enum(['tag', 'digest'])
    .default('tag')
    .describe('`digest` writes the digest behind the tag, so that nobody can put another image there.'),
  every: duration({ atLeast: 1000 }).prefault('5m').describe('How often the registry is asked. Minutes are usual.'),
})
  .refine(
    ({ versions, tags }) => (versions === undefined) !== (tags === undefined),
    'needs versions or tags, one of them',
  )
  .refine(({ tags, pin }) => tags === undefined || tags.includes('*') || pin === 'digest', {
    path: ['pin'],
    message: 'has to be digest where tags is one tag: only its digest can change',
  });
