import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { git } from '../../cli/demo-repository.ts';
import type { RunEventResponse } from '../../runner/api/responses.ts';
import { createEstate, type Estate, stackFile } from './estate.ts';

let estate: Estate;

before(async () => {
  estate = await createEstate();
  // PostgreSQL runs as another user where we are root.
  await estate.start();
  await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
});

after(() => estate.close());

test('tells what happens in an update while it happens, ends it on request, and does it again', async () => {
  const api = estate.api();
  await estate.push('slow', {
    'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', slow: 'x' }, { match: 'slow', milliseconds: 4000 }),
  });
  const commit = await estate.merge('slow');
  const run = await until(async () =>
    (await api.runs({ stack: 'journey/dev', kind: 'update' })).find((found) => found.commit === commit),
  );
  const seen: RunEventResponse['event'][] = [];
  for await (const { event } of api.runEvents(run.id)) {
    seen.push(event);
    if (event.kind === 'resource' && event.state === 'started' && event.urn.endsWith('::slow')) {
      // The preview tells of it first; the update is what takes time.
      if (seen.some((other) => other.kind === 'step' && other.name === 'update')) await api.cancelRun(run.id);
    }
  }
  const last = seen.findLast(({ kind }) => kind === 'state');
  assert.equal(last?.kind === 'state' && last.state, 'cancelled');
  const rolloutIs = (state: string) =>
    until(async () => (await api.rollouts()).find((found) => found.commit === commit && found.state === state));
  await rolloutIs('waiting');
  await api.retryRun(run.id);
  await rolloutIs('succeeded');
  const again = await api.run(run.id);
  assert.deepEqual([again.state, again.attempt], ['succeeded', 2]);
});

async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error('it never came');
    await new Promise((resume) => setTimeout(resume, 100));
  }
}
