import examples from '@octokit/webhooks-examples/api.github.com/index.json' with { type: 'json' };
import { startWireForge, type WireAnswer, type WireForge, type WireRequest, type WireRoute } from './wire-forge.ts';
import type { WireIssue, WireNote, WirePull, WireState } from './wire-state.ts';

/** The shapes are those that GitHub recorded: a pull request, a comment and an issue, with our values in their fields. */
interface Recorded {
  readonly action: string;
  readonly pull_request: { readonly head: object; readonly base: object };
  readonly comment: object;
  readonly issue: object;
}

function recorded(name: string, action: string): Recorded {
  const found = examples.find((each) => each.name === name)!.examples as readonly unknown[] as readonly Recorded[];
  return found.find((each) => each.action === action)!;
}
const PULL = recorded('pull_request', 'opened').pull_request;
const COMMENT = recorded('issue_comment', 'created').comment;
const ISSUE = recorded('issues', 'opened').issue;

const missing: WireAnswer = { status: 404, body: { message: 'Not Found' } };

function pullShape({ number, title, text, branch, head, base, author, fork, state }: WirePull): object {
  const at = '2026-01-01T00:00:00Z';
  return {
    ...{ ...PULL, number, title, body: text, user: { login: author } },
    ...{
      state: state === 'open' ? 'open' : 'closed',
      merged: state === 'merged',
      merged_at: state === 'merged' ? at : null,
    },
    head: { ...PULL.head, ref: branch, sha: head, repo: { id: fork ? 2 : 1 } },
    base: { ...PULL.base, ref: base, repo: { id: 1 } },
  };
}

function noteShape({ id, author, text, at }: WireNote): object {
  return { ...COMMENT, id, body: text, user: { login: author }, created_at: at, updated_at: at };
}

/** Both say by the address of the page what a comment is on. */
function noteOnPage(note: WireNote, { pulls }: WireState): object {
  const kind = pulls.some(({ number }) => number === note.on) ? 'pull' : 'issues';
  return { ...noteShape(note), html_url: `https://forge.test/o/r/${kind}/${note.on}#issuecomment-${note.id}` };
}

function issueShape({ number, title, text, author, state }: WireIssue): object {
  return { ...ISSUE, number, title, body: text, state, user: { login: author } };
}

function route(method: string, path: string, answer: (request: WireRequest) => WireAnswer): WireRoute {
  return { method, path: new RegExp(`^${path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`), answer };
}

const pullOf = ({ path, state }: WireRequest) => state.pulls.find(({ number }) => number === Number(path.number));
const noteOf = ({ path, state }: WireRequest) => state.notes.find(({ id }) => id === Number(path.id));
const issueOf = ({ path, state }: WireRequest) => state.issues.find(({ number }) => number === Number(path.number));

const pullRoutes = (place: string): readonly WireRoute[] => [
  route('GET', `${place}/pulls`, ({ state, query }) => {
    const head = query.get('head');
    const found = state.pulls.filter(
      (pull) =>
        (pull.state === 'open') === (query.get('state') === 'open') &&
        (query.get('base') ?? pull.base) === pull.base &&
        (head === null || head === `${pull.fork ? 'mallory' : 'o'}:${pull.branch}`),
    );
    return { body: found.map(pullShape) };
  }),
  route('POST', `${place}/pulls`, ({ state, body }) => {
    const { title, body: text, head: branch, base } = body as Record<string, string>;
    const made = state.propose({
      title: title!,
      text: text!,
      branch: branch!,
      base: base!,
      head: 'h',
      author: state.self,
    });
    return { status: 201, body: pullShape(made) };
  }),
  route('GET', `${place}/pulls/:number`, (request) => {
    const pull = pullOf(request);
    return pull ? { body: pullShape(pull) } : missing;
  }),
];

const noteRoutes = (place: string): readonly WireRoute[] => [
  route('GET', `${place}/issues/comments`, ({ state, query }) => ({
    body: state.notes.filter(({ at }) => at >= query.get('since')!).map((note) => noteOnPage(note, state)),
  })),
  route('GET', `${place}/issues/:number/comments`, ({ state, path }) => ({
    body: state.notes.filter(({ on }) => on === Number(path.number)).map(noteShape),
  })),
  route('POST', `${place}/issues/:number/comments`, ({ state, path, body }) => {
    const text = String(body.body);
    if (text.length > 65_536) return { status: 422, body: { message: 'Validation Failed: body is too long' } };
    return { status: 201, body: noteShape(state.say(Number(path.number), state.self, text)) };
  }),
  route('PATCH', `${place}/issues/comments/:id`, (request) => {
    const note = noteOf(request);
    if (!note) return missing;
    note.text = String(request.body.body);
    return { body: noteShape(note) };
  }),
  route('POST', `${place}/issues/comments/:id/reactions`, (request) => {
    const note = noteOf(request);
    if (!note) return missing;
    const content = String(request.body.content);
    if (!note.reactions.includes(content)) note.reactions.push(content);
    return { status: 201, body: { id: 1, content } };
  }),
];

const issueRoutes = (place: string): readonly WireRoute[] => [
  // Pull requests are issues to GitHub, and listed with them.
  route('GET', `${place}/issues`, ({ state }) => ({
    body: [
      ...state.pulls.filter((pull) => pull.state === 'open').map((pull) => ({ ...pullShape(pull), pull_request: {} })),
      ...state.issues.filter((issue) => issue.state === 'open').map(issueShape),
    ],
  })),
  route('POST', `${place}/issues`, ({ state, body }) => ({
    status: 201,
    body: issueShape(state.open(String(body.title), String(body.body))),
  })),
  route('PATCH', `${place}/issues/:number`, (request) => {
    const issue = issueOf(request);
    if (!issue) return missing;
    const { title, body, state } = request.body as { title?: string; body?: string; state?: 'closed' };
    Object.assign(issue, { title: title ?? issue.title, text: body ?? issue.text, state: state ?? issue.state });
    return { body: issueShape(issue) };
  }),
];

const otherRoutes = (place: string): readonly WireRoute[] => [
  route('GET', `${place}/collaborators/:account/permission`, ({ state, path }) => {
    const permission = state.permissions.get(path.account!);
    return permission ? { body: { permission, user: { login: path.account } } } : missing;
  }),
  route('POST', `${place}/statuses/:commit`, ({ state, path, body }) => {
    const { context, state: to, description: text = '', target_url: link } = body as Record<string, string>;
    if (text.length > 140) return { status: 422, body: { message: 'Validation Failed: description is too long' } };
    state.statuses.push({ commit: path.commit!, context: context!, state: to!, text, link });
    return { status: 201, body: {} };
  }),
];

/** The merge is asked for in another way by each, and so is whose a commit is. */
const githubRoutes = (place: string): readonly WireRoute[] => [
  route('GET', '/api/v3/user', ({ state }) => ({ body: { login: state.self } })),
  route('GET', place, ({ state }) => ({
    body: {
      ...{ id: 1, full_name: 'o/r', allow_merge_commit: state.allowed.includes('merge') },
      allow_squash_merge: state.allowed.includes('squash'),
      allow_rebase_merge: state.allowed.includes('rebase'),
    },
  })),
  route('PUT', `${place}/pulls/:number/merge`, (request) => {
    const pull = pullOf(request);
    if (!pull) return missing;
    if (pull.state !== 'open') return { status: 405, body: { message: 'Pull Request is not mergeable' } };
    const style = String(request.body.merge_method);
    if (!request.state.allowed.some((allowed) => allowed === style))
      return { status: 405, body: { message: `${style} merges are not allowed on this repository.` } };
    if (pull.head !== request.body.sha)
      return { status: 409, body: { message: 'Head branch was modified. Review and try the merge again.' } };
    request.state.merge(pull.number, `merge-of-${pull.number}`);
    return { body: { sha: `merge-of-${pull.number}`, merged: true, message: 'Pull Request successfully merged' } };
  }),
  route('GET', `${place}/commits/:commit/pulls`, ({ state, path }) => {
    const number = state.commits.get(path.commit!);
    return { body: state.pulls.filter((pull) => pull.number === number || pull.head === path.commit).map(pullShape) };
  }),
];

const giteaRoutes = (place: string): readonly WireRoute[] => [
  route('GET', '/api/v1/user', ({ state }) => ({ body: { login: state.self } })),
  route('GET', place, ({ state }) => ({
    body: {
      ...{
        id: 1,
        full_name: 'o/r',
        allow_merge_commits: state.allowed.includes('merge'),
        allow_rebase_explicit: false,
      },
      ...{ allow_squash_merge: state.allowed.includes('squash'), allow_rebase: state.allowed.includes('rebase') },
      ...{ allow_fast_forward_only_merge: false, default_merge_style: 'merge' },
    },
  })),
  route('POST', `${place}/pulls/:number/merge`, (request) => {
    const pull = pullOf(request);
    if (!pull) return missing;
    if (pull.state !== 'open') return { status: 405, body: { message: 'The PR is already merged' } };
    if (!request.state.allowed.some((allowed) => allowed === request.body.Do))
      return { status: 405, body: { message: 'Invalid merge style' } };
    if (pull.head !== request.body.head_commit_id) return { status: 409, body: { message: 'head out of date' } };
    request.state.merge(pull.number, `merge-of-${pull.number}`);
    return { status: 200 };
  }),
  route('GET', `${place}/commits/:commit/pull`, ({ state, path }) => {
    const pull = state.pulls.find(({ number }) => number === state.commits.get(path.commit!));
    return pull ? { body: pullShape(pull) } : missing;
  }),
];

const hubRoutes = (place: string) => [
  ...pullRoutes(place),
  ...noteRoutes(place),
  ...issueRoutes(place),
  ...otherRoutes(place),
];

/** GitHub, at `<url>`, with the repository `o/r` and the token `a-secret-token`. */
export function startGitHubWire(): Promise<WireForge> {
  const place = '/api/v3/repos/o/r';
  return startWireForge({
    routes: [...githubRoutes(place), ...hubRoutes(place)],
    signedIn: ({ authorization, 'x-github-api-version': version }) =>
      authorization === 'Bearer a-secret-token' && version === '2022-11-28',
  });
}

/** Gitea, for what a real one does not do at will: fail. */
export function startGiteaWire(): Promise<WireForge> {
  const place = '/api/v1/repos/o/r';
  return startWireForge({
    routes: [...giteaRoutes(place), ...hubRoutes(place)],
    signedIn: ({ authorization }) => authorization === 'token a-secret-token',
  });
}
