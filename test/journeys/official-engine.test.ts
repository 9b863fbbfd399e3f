import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { git } from '../../cli/demo-repository.ts';
import { createEstate, stackFile } from './estate.ts';

const installed = /^v?\d+\.\d+\.\d+/.test(String(spawnSync('pulumi', ['version']).stdout));

/** Its resources write each of their creates into a file, and take a while. */
const PROGRAM = `import * as pulumi from '@pulumi/pulumi';

const config = new pulumi.Config();
class Slow extends pulumi.dynamic.Resource {
  constructor(name: string, value: string, file: string, options: pulumi.CustomResourceOptions) {
    const provider = {
      async create(inputs: { name: string; value: string; file: string }) {
        require('node:fs').appendFileSync(inputs.file, inputs.name + '\\n');
        await new Promise((done) => setTimeout(done, inputs.value === 'slow' ? 3000 : 10));
        return { id: inputs.name, outs: inputs };
      },
    };
    super(provider, name, { name, value, file }, options);
  }
}
let last: pulumi.Resource[] = [];
for (const [name, value] of Object.entries(config.requireObject<Record<string, string>>('maps')))
  last = [new Slow(name, value, config.require('file'), { dependsOn: last })];
`;

test('runs the thread on the official engine, and finishes an update once after a kill', {
  skip: installed ? false : 'there is no pulumi on the PATH',
}, async () => {
  const estate = await createEstate({ MAINSTAY_ENGINE: 'official' });
  chmodSync(estate.folder, 0o755);
  const created = join(estate.folder, 'created');
  appendFileSync(created, '');
  const file = (maps: Readonly<Record<string, string>>) =>
    JSON.stringify({
      config: { ...JSON.parse(stackFile(maps)).config, 'mainstay:sandbox': false, 'journey:file': created },
    });
  try {
    await estate.push('main', {
      'infra/index.ts': PROGRAM,
      'stacks/Pulumi.dev.yaml': file({ one: 'quick' }),
      'stacks/Pulumi.prod.yaml': undefined,
      'stacks/mainstay.yaml': undefined,
    });
    await estate.start();
    const first = await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
    assert.equal(first.state, 'succeeded', first.summary);
    const commit = await estate.push('main', {
      'stacks/Pulumi.dev.yaml': file({ one: 'quick', two: 'slow', three: 'quick' }),
    });
    while (!readFileSync(created, 'utf8').includes('two')) await new Promise((again) => setTimeout(again, 20));
    await estate.kill();
    await estate.start();
    const rollout = await estate.rolledOut(commit);
    assert.equal(rollout.state, 'succeeded', rollout.summary);
    assert.equal(readFileSync(created, 'utf8'), 'one\ntwo\nthree\n', 'each was created once');
    assert.deepEqual(estate.state('dev').pending_operations ?? [], []);
  } finally {
    await estate.close();
  }
});
