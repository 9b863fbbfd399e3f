import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { git } from '../../cli/demo-repository.ts';
import type { RunResponse } from '../../runner/api/responses.ts';
import { createEstate, type Estate, stackFile } from './estate.ts';

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

test('runs the thread on the official engine, and after a kill never creates again unasked', {
  skip: installed ? false : 'there is no pulumi on the PATH',
}, async () => {
  const estate = await createEstate({ MAINSTAY_ENGINE: 'official' });
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
    const run = await decided(estate, commit);
    // The engine may have lived to finish its step, or have died in it: then nobody knows whether `two` was made, and a person is asked.
    assert.equal(readFileSync(created, 'utf8').match(/two/g)?.length, 1, 'not created again unasked');
    if (run.state === 'waiting') {
      assert.match(run.summary, /interrupted while it created \S*::two, and nobody can say whether it did/);
      await estate.api().decideRun(run.id, { kind: 'approve', by: 'a person who has looked' });
    }
    const rollout = await estate.rolledOut(commit);
    assert.equal(rollout.state, 'succeeded', rollout.summary);
    const names = readFileSync(created, 'utf8').trim().split('\n').sort();
    assert.match(names.join(' '), /^one three( two){1,2}$/);
    assert.deepEqual(estate.state('dev').pending_operations ?? [], []);
  } finally {
    await estate.close();
  }
});

/** The update of a commit once it has ended or asks a person. */
async function decided(estate: Estate, commit: string): Promise<RunResponse> {
  for (const deadline = performance.now() + 180_000; performance.now() < deadline; ) {
    const run = (await estate.api().runs({ kind: 'update' })).find((candidate) => candidate.commit === commit);
    if (run && (run.state === 'waiting' || run.endedAt !== undefined)) return run;
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error(`the update did not come to an end. The runner said:\n${estate.said()}`);
}
