import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ensureMoto, MOTO_VERSION } from '../aws.ts';
import { cacheFolder } from '../cache.ts';
import { whyNot } from '../start.ts';

const root = resolve(import.meta.dirname, '../../..');
const skip = await whyNot('aws');
const guide = await readFile(join(root, 'docs/aws.md'), 'utf8');

/** The blocks of code in the guide, in order. */
const blocks = [...guide.matchAll(/```(?:sh|ts)\n(.*?)```/gs)].map(([, text]) => text!);

describe('docs/aws.md', () => {
  it('shows a resource as it is', async () => {
    assert.ok(blocks.includes(await readFile(join(root, 'providers/aws/resources/ec2/tag.ts'), 'utf8')));
  });

  it('leads a newcomer to the dev stack by two commands, and to a look at it', { skip, timeout: 240_000 }, async () => {
    const cache = await mkdtemp(join(tmpdir(), 'mainstay-newcomer-'));
    await ensureMoto();
    await symlink(join(cacheFolder(), `moto-${MOTO_VERSION}`), join(cache, `moto-${MOTO_VERSION}`));
    // npm's own Node and that of this repository, as on the path of somebody who works in it.
    const environment = {
      PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
      HOME: cache,
      MAINSTAY_SERVERS_CACHE: cache,
    };
    const sh = async (script: string) =>
      (await promisify(execFile)('sh', ['-ec', script], { cwd: root, env: environment })).stdout;
    try {
      const [two, look] = blocks;
      assert.equal(two!.trim().split('\n').length, 2);
      const output = await sh(two!);
      assert.match(output, /aws:ec2:Vpc main created/);
      assert.match(output, /export AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+/);
      const seen = await sh(look!);
      assert.equal(seen.match(/^subnet-\w+ 10\.40\.\d+\.0\/\d+ eu-central-1[ab]$/gm)?.length, 4, seen);
      assert.match(await sh('npm run moto -- destroy dev'), /Vpc main deleted/);
      assert.doesNotMatch(await sh(look!), /10\.40\./);
    } finally {
      await sh('npm run servers -- stop aws');
      await rm(cache, { recursive: true, force: true });
    }
  });
});
