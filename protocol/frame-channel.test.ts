import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { FrameChannel, type FrameFailure, type FrameOptions } from './frame-channel.ts';

const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
after(() => server.close());

/** Two ends of one connection. */
async function pair(near: FrameOptions, far: FrameOptions): Promise<readonly [FrameChannel, FrameChannel, Socket]> {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [other] = await accepted;
  after(() => socket.destroy());
  return [new FrameChannel(socket, near), new FrameChannel(other, far), other];
}

function call(channel: FrameChannel, path: string, payload: Uint8Array): Promise<Buffer | FrameFailure> {
  return new Promise((resolve) => channel.call(path, payload, (failure, answer) => resolve(failure ?? answer)));
}

const failureOf = (error: unknown) => ({
  code: 9,
  details: (error as Error).message,
  statusDetails: Buffer.from('more'),
});

describe('a frame channel', () => {
  it('answers calls of any size, in both directions, whatever order the answers come in', async () => {
    const answer = async (path: string, payload: Buffer) => {
      await new Promise((resolve) => setTimeout(resolve, (payload[0] ?? 0) % 5));
      return Buffer.concat([Buffer.from(path), payload]);
    };
    const [near, far] = await pair({ answer, failureOf }, { answer, failureOf });
    const sizes = fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.uint8Array({ minLength: 40_000, maxLength: 200_000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(sizes, { maxLength: 40 }), async (payloads) => {
        const calls = payloads.map((payload, index) => call(index % 2 === 0 ? near : far, `/p/${index}`, payload));
        for (const [index, result] of (await Promise.all(calls)).entries())
          assert.ok(Buffer.concat([Buffer.from(`/p/${index}`), payloads[index]!]).equals(result as Buffer));
      }),
      { numRuns: 20 },
    );
  });

  it('carries a failure with its code, text and details', async () => {
    const answer = async () => Promise.reject(new Error('nö'));
    const [near] = await pair({}, { answer, failureOf });
    const failed = (await call(near, '/any', Buffer.alloc(0))) as FrameFailure;
    assert.deepEqual([failed.code, failed.details, failed.statusDetails.toString()], [9, 'nö', 'more']);
  });

  it('refuses calls where nobody serves', async () => {
    const [near] = await pair({}, {});
    const failed = (await call(near, '/any', Buffer.alloc(0))) as FrameFailure;
    assert.equal(failed.code, 12);
  });

  it('fails what waits, and what comes later, as unavailable once the other side is gone', async () => {
    const waiting: boolean[] = [];
    const closed = Promise.withResolvers<void>();
    const near = { onWaiting: (now: boolean) => waiting.push(now), onClosed: closed.resolve };
    const [channel, , other] = await pair(near, { answer: () => new Promise(() => {}), failureOf });
    const first = call(channel, '/any', Buffer.from('x'));
    const second = call(channel, '/any', Buffer.from('y'));
    setTimeout(() => other.destroy(), 20);
    assert.equal(((await first) as FrameFailure).code, 14);
    assert.equal(((await second) as FrameFailure).code, 14);
    await closed.promise;
    assert.equal(((await call(channel, '/any', Buffer.alloc(0))) as FrameFailure).code, 14);
    assert.deepEqual(waiting, [true, false]);
  });

  it('lives on, whatever the other side writes', async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [peer] = (await once(server, 'connection')) as [Socket];
    const channel = new FrameChannel(peer, { answer: async () => Buffer.from('ok'), failureOf });
    const failed = call(channel, '/any', Buffer.alloc(0));
    const frame = (kind: number, id: number, content: readonly number[]) => [
      content.length,
      0,
      0,
      0,
      kind,
      id,
      0,
      0,
      0,
      ...content,
    ];
    // An empty call, an answer that nobody waits for, a kind that there is not, a call whose path is cut off, an empty failure.
    for (const bytes of [frame(1, 1, []), frame(2, 99, [1]), frame(7, 3, []), frame(1, 4, [200, 65]), frame(3, 1, [])])
      socket.write(Buffer.from(bytes));
    assert.equal(((await failed) as FrameFailure).code, 13);
    socket.destroy();
  });

  it('ends the stream at a length that no message has', async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [peer] = (await once(server, 'connection')) as [Socket];
    new FrameChannel(peer);
    const ended = once(socket, 'close');
    socket.write(Buffer.from([255, 255, 255, 255, 1, 0, 0, 0, 0]));
    socket.resume();
    await ended;
  });
});
