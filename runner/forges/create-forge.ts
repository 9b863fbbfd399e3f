import { isMainstayError } from '../../foundation/errors.ts';
import type {
  ChangeComment,
  ChangeEnd,
  CommitStatus,
  Forge,
  NewChange,
  OpenChange,
  Permission,
  PutComment,
  PutIssue,
  Reaction,
} from '../core/forge.ts';
import { COMMENT_MARKER } from '../core/report-text.ts';

/** A comment or an issue as the forge has it. */
export interface Note {
  readonly id: string;
  /** The account that wrote it. */
  readonly author: string;
  readonly text: string;
}

/** What one forge's API does: each call is one request, or the pages of one list. */
export interface ForgeCalls {
  readonly name: string;
  readonly cloneUrl: string;
  /** Our own account. */
  self(): Promise<string>;
  comments(change: string): Promise<readonly Note[]>;
  /** On changes, our own included. */
  commentsSince(since: Date): Promise<readonly ChangeComment[]>;
  /** Returns its id. */
  addComment(change: string, text: string): Promise<string>;
  editComment(comment: { readonly change: string; readonly id: string }, text: string): Promise<void>;
  setStatus(status: CommitStatus): Promise<void>;
  openIssues(): Promise<readonly Note[]>;
  addIssue(issue: { readonly title: string; readonly text: string }): Promise<string>;
  editIssue(id: string, issue: { readonly title: string; readonly text: string }): Promise<void>;
  issueComments(id: string): Promise<readonly Note[]>;
  commentIssue(id: string, text: string): Promise<void>;
  closeIssue(id: string): Promise<void>;
  changes(): Promise<readonly OpenChange[]>;
  /** The open change of a branch of the repository itself into the base branch. */
  changeOf(branch: string): Promise<string | undefined>;
  addChange(change: NewChange): Promise<string>;
  merge(change: string, head: string): Promise<void>;
  /** How it ended and with which head; undefined for one that is not there. */
  ended(change: string): Promise<{ readonly end: ChangeEnd; readonly head: string } | undefined>;
  mergedBy(commit: string): Promise<readonly string[]>;
  permissionOf(account: string): Promise<Permission>;
  react(comment: { readonly change: string; readonly id: string }, reaction: Reaction): Promise<void>;
}

/** A forge with pull requests out of its calls: what is put in place is looked for first, and who puts the same waits for the one before. */
export function createForge(calls: ForgeCalls): Forge {
  const inTurn = createTurns();
  const comments = createCommentPlace(calls);
  return {
    name: calls.name,
    cloneUrl: calls.cloneUrl,
    watch: () => () => {},
    setStatus: (status) =>
      inTurn(`status ${status.commit} ${status.context}`, () =>
        calls.setStatus({ ...status, text: shortened(status.text) }),
      ),
    putComment: (comment) => inTurn(`comment ${comment.change}`, () => comments(comment)),
    openChange: (change) =>
      inTurn(`change ${change.branch}`, async () => (await calls.changeOf(change.branch)) ?? calls.addChange(change)),
    mergeChange: (change, head) => mergeOnce(calls, change, head),
    putIssue: (issue) => inTurn('issues', () => putIssue(calls, issue)),
    closeIssue: (id, text) => inTurn(`issue ${id}`, () => closeIssue(calls, id, text)),
    proposals: {
      list: () => calls.changes(),
      endOf: async (change) => (await calls.ended(change))?.end ?? 'closed',
      mergedBy: (commit) => calls.mergedBy(commit),
      permissionOf: (account) => calls.permissionOf(account),
      commentsSince: (since) => othersSince(calls, since),
      react: (comment, reaction) => calls.react(comment, reaction),
    },
  };
}

/** Only a list with something in it needs to know who we are. */
async function othersSince(calls: ForgeCalls, since: Date): Promise<readonly ChangeComment[]> {
  const found = (await calls.commentsSince(since)).filter(({ at }) => at >= since);
  if (found.length === 0) return [];
  const self = await calls.self();
  return found.filter(({ author }) => author !== self).sort((a, b) => a.at.getTime() - b.at.getTime());
}

/** The longest text of a status that every forge takes (GitHub's limit is 140). */
function shortened(text: string): string {
  return text.length > 140 ? `${text.slice(0, 139)}…` : text;
}

/** What is asked under one key is done one after the other, in the order in which it was asked. */
function createTurns(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const result = (last.get(key) ?? Promise.resolve()).then(work);
    const settled = result
      .catch(() => {})
      .finally(() => {
        if (last.get(key) === settled) last.delete(key);
      });
    last.set(key, settled);
    return result;
  };
}

/** Comments that we remember, so that editing one takes one request. */
const REMEMBERED = 2000;

/** Only comments of our own are edited: anybody can write the marker. */
function createCommentPlace(calls: ForgeCalls): (comment: PutComment) => Promise<void> {
  const known = new Map<string, { readonly id: string; readonly text: string }>();
  return async ({ change, text, marker = COMMENT_MARKER }) => {
    const key = `${change} ${marker}`;
    const before = known.get(key);
    if (before?.text === text) return;
    known.delete(key);
    // Somebody may have deleted it since: then it is looked for, and made again.
    const edited = before && (await edit(calls, { change, id: before.id, text }));
    if (edited) return remember(known, key, { id: before.id, text });
    const place = await findComment(calls, change, marker);
    if (place && place.text !== text) await calls.editComment({ change, id: place.id }, text);
    remember(known, key, { id: place?.id ?? (await calls.addComment(change, text)), text });
  };
}

async function edit(
  calls: ForgeCalls,
  { change, id, text }: { readonly change: string; readonly id: string; readonly text: string },
): Promise<boolean> {
  try {
    await calls.editComment({ change, id }, text);
    return true;
  } catch (error) {
    if (isMainstayError(error, 'user')) return false;
    throw error;
  }
}

async function findComment(calls: ForgeCalls, change: string, marker: string): Promise<Note | undefined> {
  const [self, comments] = await Promise.all([calls.self(), calls.comments(change)]);
  return comments.find(({ author, text }) => author === self && text.includes(marker));
}

function remember<T>(known: Map<string, T>, key: string, value: T): void {
  known.set(key, value);
  for (const oldest of known.keys()) {
    if (known.size <= REMEMBERED) break;
    known.delete(oldest);
  }
}

/** The answer of an earlier merge may have been lost: what it merged is merged. */
async function mergeOnce(calls: ForgeCalls, change: string, head: string): Promise<void> {
  try {
    await calls.merge(change, head);
  } catch (error) {
    if (!isMainstayError(error, 'conflict')) throw error;
    const ended = await calls.ended(change);
    if (ended?.end !== 'merged' || ended.head !== head) throw error;
  }
}

/** Says it once, also where the answer of an earlier time was lost. */
async function closeIssue(calls: ForgeCalls, id: string, text: string): Promise<void> {
  const [self, comments] = await Promise.all([calls.self(), calls.issueComments(id)]);
  if (!comments.some((comment) => comment.author === self && comment.text === text)) await calls.commentIssue(id, text);
  await calls.closeIssue(id);
}

async function putIssue(calls: ForgeCalls, { key, title, text }: PutIssue): Promise<string> {
  const marker = `<!-- mainstay:issue ${key.replaceAll('>', '')} -->`;
  const marked = `${marker}\n${text}`;
  const [self, issues] = await Promise.all([calls.self(), calls.openIssues()]);
  const place = issues.find((issue) => issue.author === self && issue.text.includes(marker));
  if (!place) return calls.addIssue({ title, text: marked });
  if (place.text !== marked) await calls.editIssue(place.id, { title, text: marked });
  return place.id;
}
