import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { MainstayError } from '../../foundation/errors.ts';
import type { StackIdentity } from './backend.ts';
import type { Bucket } from './bucket.ts';

/** What a lock file says (pkg/backend/diy/lock.go). */
interface LockContent {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  /** RFC 3339. */
  readonly timestamp: string;
}

const lockFolder = ({ project, stack }: StackIdentity) => `.pulumi/locks/organization/${project}/${stack}`;

/**
 * Takes the stack's lock, or rejects with a conflict error that says who holds it, since when and how to cancel. Looked for before and
 * after our own is written: two that race may both give way, never both go on. A killed process leaves its lock; nothing expires.
 */
export async function takeLock(bucket: Bucket, stack: StackIdentity): Promise<{ release(): Promise<void> }> {
  const key = `${lockFolder(stack)}/${randomUUID()}.json`;
  await refuseIfLocked(bucket, stack, key);
  const content: LockContent = {
    pid: process.pid,
    username: userInfo().username,
    hostname: hostname(),
    timestamp: new Date().toISOString(),
  };
  await bucket.write(key, JSON.stringify(content));
  try {
    await refuseIfLocked(bucket, stack, key);
  } catch (error) {
    await bucket.delete(key);
    throw error;
  }
  return { release: () => bucket.delete(key) };
}

async function refuseIfLocked(bucket: Bucket, stack: StackIdentity, own: string): Promise<void> {
  const others = (await bucket.list(lockFolder(stack))).filter(({ key }) => key !== own);
  if (others.length === 0) return;
  const lines = await Promise.all(
    others.map(async ({ key }) => `\n  ${bucket.describe(key)}: ${await describeLock(bucket, key)}`),
  );
  // The first sentence is the official one: the Automation API knows it by its words.
  throw new MainstayError(
    'conflict',
    `the stack is currently locked by ${others.length} lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.${lines.join('')}`,
  );
}

async function describeLock(bucket: Bucket, key: string): Promise<string> {
  const text = (await bucket.read(key))?.toString('utf8');
  if (text === undefined) return 'released a moment ago';
  try {
    const lock = JSON.parse(text) as LockContent;
    return `created by ${lock.username}@${lock.hostname} (pid ${lock.pid}) at ${lock.timestamp}`;
  } catch {
    return 'not readable as a lock';
  }
}

/** Deletes every lock of the stack. Resolves to how many there were. */
export async function cancelLocks(bucket: Bucket, stack: StackIdentity): Promise<number> {
  const locks = await bucket.list(lockFolder(stack));
  await Promise.all(locks.map(({ key }) => bucket.delete(key)));
  return locks.length;
}

/** Whether anybody holds the stack. */
export async function isLocked(bucket: Bucket, stack: StackIdentity): Promise<boolean> {
  return (await bucket.list(lockFolder(stack))).length > 0;
}
