import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { ProviderError } from '../../protocol/provider.ts';
import { AwsFailure } from './failures.ts';
import { deletePatiently, retryWhile, waitFor } from './wait.ts';

const signal = new AbortController().signal;

/** Something to wait in, for `seconds` at most, and what it tells the user. */
function waiting(seconds: number) {
  const told: string[] = [];
  const call = {
    deadline: Date.now() + seconds * 1000,
    signal,
    progress: (message: string) => void told.push(message),
  };
  return { call, told };
}

const failure = (code: string) => new AwsFailure(code, `AWS answered ${code}.`, new Error(code));

describe('waiting for AWS', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'] }));
  afterEach(() => mock.timers.reset());

  /** Lets the time pass until `work` is done. */
  async function passing<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = () => {
      done = true;
    };
    work.then(end, end);
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      mock.timers.tick(50);
    }
    return work;
  }

  it('tells nobody of what is there at once', async () => {
    const { call, told } = waiting(60);
    assert.equal(await passing(waitFor('it', call, async () => 'there')), 'there');
    assert.deepEqual(told, []);
  });

  it('tells what it waits for once it has lasted a second, and looks less and less often', async () => {
    const { call, told } = waiting(600);
    const looks: number[] = [];
    const look = async () => {
      looks.push(Date.now());
      return Date.now() - looks[0]! > 60_000 ? true : undefined;
    };
    await passing(waitFor('cluster main to be active', call, look));
    assert.match(told[0]!, /^waiting for cluster main to be active \([1-2] s\)$/);
    assert.match(told.at(-1)!, /\([45]\d s\)$/);
    const pauses = looks.slice(1).map((at, index) => at - looks[index]!);
    assert.deepEqual(
      pauses,
      pauses.toSorted((one, two) => one - two),
    );
    assert.ok(pauses.at(-1)! <= 10_050, `${pauses.at(-1)}`);
  });

  it('ends at the deadline, naming what it waited for and what to do', async () => {
    const { call } = waiting(5);
    const start = Date.now();
    await assert.rejects(
      passing(waitFor('it', call, async () => undefined)),
      (error) =>
        error instanceof ProviderError &&
        error.message ===
          'Cannot finish waiting for it as the time is over. Look at it in AWS, or raise customTimeouts.',
    );
    assert.ok(Date.now() - start <= 5050);
  });

  it('ends when it is cancelled', async () => {
    const cancellation = new AbortController();
    const { call } = waiting(600);
    const work = waitFor('it', { ...call, signal: cancellation.signal }, async () => undefined);
    cancellation.abort(new Error('cancelled'));
    await assert.rejects(passing(work), /cancelled/);
  });

  it('deletes again what is in use, is content with what is gone, and stops at anything else', async () => {
    for (const [codes, expected] of [
      [['DependencyViolation', 'DeleteConflict', 'done'], 3],
      [['DependencyViolation', 'InvalidGroup.NotFound'], 2],
    ] as const) {
      let tries = 0;
      const remove = async () => {
        const code = codes[tries++]!;
        if (code !== 'done') throw failure(code);
      };
      await passing(deletePatiently('it', waiting(60).call, remove));
      assert.equal(tries, expected);
    }
    const denied = deletePatiently('it', waiting(60).call, () => Promise.reject(failure('AccessDenied')));
    await assert.rejects(passing(denied), /AccessDenied/);
  });

  it('tries a call again as long as it is told to', async () => {
    let tries = 0;
    const run = async () => {
      tries += 1;
      if (tries < 4) throw failure('Unseen');
      return tries;
    };
    const again = (error: unknown) => error instanceof AwsFailure && error.code === 'Unseen';
    assert.equal(await passing(retryWhile('it', waiting(60).call, { again, run })), 4);
  });
});
