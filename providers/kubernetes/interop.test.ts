import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TestProgram } from './test-program.ts';

/** Recorded from the official provider: see the folder's README. */
const states = join(import.meta.dirname, 'fixtures/official-state');

describe('a stack that the official provider made', () => {
  let program: TestProgram;

  before(async () => {
    // No cluster: what is recorded is all that a preview without changes needs.
    program = await TestProgram.start({ fixture: 'every-kind', kubeconfig: '/no/such/kubeconfig' });
  });
  after(() => program?.remove());

  /** Puts a recorded state into the stack, with the encryption that it was made with, and the settings of the program then. */
  async function takeOver(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const path = join(states, `${name}.json`);
    const { deployment } = JSON.parse(await readFile(path, 'utf8'));
    const lines = { group: 'interop.mainstay.test', password: 'hunter2', ...settings };
    const config = Object.entries(lines).map(([key, value]) => `  every-kind:${key}: ${JSON.stringify(value)}`);
    await writeFile(
      join(program.directory, 'Pulumi.test.yaml'),
      `encryptionsalt: ${deployment.secrets_providers.state.salt}\nconfig:\n${config.join('\n')}\n`,
    );
    await program.pulumi('stack', 'import', '--file', path);
  }

  it('shows no change under ours after its creation', async () => {
    await takeOver('created', {});
    assert.deepEqual(await program.preview(), { same: 20 });
  });

  it('shows no change under ours after an update and a refresh', async () => {
    await takeOver('refreshed', { image: 'nginx:2', replicas: '3' });
    assert.deepEqual(await program.preview(), { same: 20 });
  });

  it('shows what the program changes, and how, under ours', async () => {
    await takeOver('created', { replicas: '3', selector: 'other' });
    const { steps }: { steps: readonly { op: string; urn: string }[] } = JSON.parse(
      await program.pulumi('preview', '--json'),
    );
    const changed = steps
      .filter(({ op }) => op !== 'same')
      .map(({ op, urn }) => `${op} ${urn.split('::').slice(2).join(' ')}`);
    assert.deepEqual(
      changed.filter((step) => !step.includes('-replac')).sort(),
      ['replace kubernetes:apps/v1:Deployment web', 'update kubernetes:interop.mainstay.test/v1:Widget widget'],
      'the size of the Widget is the number of replicas, and a selector cannot be changed',
    );
  });
});
