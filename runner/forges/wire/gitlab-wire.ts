import { startWireForge, type WireAnswer, type WireForge, type WireRequest, type WireRoute } from './wire-forge.ts';
import type { WireIssue, WireNote, WirePull } from './wire-state.ts';

/** The shapes are those of GitLab's documentation (https://docs.gitlab.com/api/merge_requests, notes, issues), with what we do not read left in. */
const PROJECT = '/api/v4/projects/o%2Fr';
const REQUESTS = `${PROJECT}/merge_requests`;
const missing: WireAnswer = { status: 404, body: { message: '404 Not found' } };
const LEVELS = { none: 0, read: 20, write: 30, admin: 40 };
const STATES = { open: 'opened', merged: 'merged', closed: 'closed' };

function requestShape({ number, title, text, branch, head, base, author, fork, state }: WirePull): object {
  return {
    ...{ id: 9000 + number, iid: number, project_id: 3, title, description: text, state: STATES[state], sha: head },
    ...{ author: { id: 1, username: author, state: 'active' }, target_branch: base, source_branch: branch },
    ...{ source_project_id: fork ? 2 : 3, target_project_id: 3, work_in_progress: false, labels: [], milestone: null },
    ...{ merge_status: 'can_be_merged', merge_commit_sha: null, squash_commit_sha: null, squash: false },
  };
}

function noteShape({ id, author, text, on }: WireNote): object {
  return { id, body: text, author: { id: 1, username: author }, system: false, noteable_iid: on, resolvable: false };
}

function issueShape({ number, title, text, author, state }: WireIssue): object {
  const shown = { id: 8000 + number, iid: number, project_id: 3, title, description: text, labels: [] };
  return { ...shown, state: state === 'open' ? 'opened' : 'closed', author: { id: 1, username: author } };
}

function route(method: string, path: string, answer: (request: WireRequest) => WireAnswer): WireRoute {
  return { method, path: new RegExp(`^${path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`), answer };
}

const requestOf = ({ path, state }: WireRequest) => state.pulls.find(({ number }) => number === Number(path.number));
const noteOf = ({ path, state }: WireRequest) => state.notes.find(({ id }) => id === Number(path.id));

const MERGE_REQUESTS: readonly WireRoute[] = [
  route('GET', REQUESTS, ({ state, query }) => {
    const branch = query.get('source_branch');
    const found = state.pulls.filter(
      (pull) =>
        STATES[pull.state] === query.get('state') &&
        pull.base === query.get('target_branch') &&
        (branch === null || pull.branch === branch),
    );
    return { body: found.map(requestShape) };
  }),
  route('POST', REQUESTS, ({ state, body }) => {
    const { title, description: text, source_branch: branch, target_branch: base } = body as Record<string, string>;
    const made = state.propose({
      title: title!,
      text: text!,
      branch: branch!,
      base: base!,
      head: 'h',
      author: state.self,
    });
    return { status: 201, body: requestShape(made) };
  }),
  route('GET', `${REQUESTS}/:number`, (request) => {
    const found = requestOf(request);
    return found ? { body: requestShape(found) } : missing;
  }),
  route('PUT', `${REQUESTS}/:number/merge`, (request) => {
    const found = requestOf(request);
    if (!found) return missing;
    if (found.state !== 'open') return { status: 405, body: { message: '405 Method Not Allowed' } };
    if (found.head !== request.body.sha)
      return { status: 409, body: { message: 'SHA does not match HEAD of source branch: x' } };
    request.state.merge(found.number, `merge-of-${found.number}`);
    return { body: requestShape(found) };
  }),
  route('GET', `${PROJECT}/repository/commits/:commit/merge_requests`, ({ state, path }) => {
    const number = state.commits.get(path.commit!);
    return {
      body: state.pulls.filter((each) => each.number === number || each.head === path.commit).map(requestShape),
    };
  }),
];

const NOTES: readonly WireRoute[] = [
  route('GET', `${PROJECT}/events`, ({ state, query }) => ({
    body: state.notes
      .filter(({ at }) => at.slice(0, 10) > query.get('after')! && query.get('action') === 'commented')
      .map((note) => ({
        ...{ id: 7000 + note.id, project_id: 3, action_name: 'commented on', target_id: note.id, target_type: 'Note' },
        ...{ created_at: note.at, author: { id: 1, username: note.author }, author_username: note.author },
        note: {
          ...noteShape(note),
          noteable_type: state.pulls.some(({ number }) => number === note.on) ? 'MergeRequest' : 'Issue',
        },
      })),
  })),
  route('GET', `${REQUESTS}/:number/notes`, ({ state, path }) => ({
    body: state.notes.filter(({ on }) => on === Number(path.number)).map(noteShape),
  })),
  route('POST', `${REQUESTS}/:number/notes`, ({ state, path, body }) => ({
    status: 201,
    body: noteShape(state.say(Number(path.number), state.self, String(body.body))),
  })),
  route('PUT', `${REQUESTS}/:number/notes/:id`, (request) => {
    const note = noteOf(request);
    if (!note) return missing;
    note.text = String(request.body.body);
    return { body: noteShape(note) };
  }),
  route('POST', `${REQUESTS}/:number/notes/:id/award_emoji`, (request) => {
    const note = noteOf(request);
    if (!note) return missing;
    const name = String(request.body.name);
    if (note.reactions.includes(name))
      return { status: 404, body: { message: '404 Award Emoji Name has already been taken Not Found' } };
    note.reactions.push(name);
    return { status: 201, body: { id: 1, name } };
  }),
];

const ISSUES: readonly WireRoute[] = [
  route('GET', `${PROJECT}/issues`, ({ state }) => ({
    body: state.issues.filter((issue) => issue.state === 'open').map(issueShape),
  })),
  route('POST', `${PROJECT}/issues`, ({ state, body }) => ({
    status: 201,
    body: issueShape(state.open(String(body.title), String(body.description))),
  })),
  route('PUT', `${PROJECT}/issues/:number`, ({ state, path, body }) => {
    const issue = state.issues.find(({ number }) => number === Number(path.number));
    if (!issue) return missing;
    const { title = issue.title, description: text = issue.text, state_event: end } = body as Record<string, string>;
    Object.assign(issue, { title, text, ...(end === 'close' ? { state: 'closed' } : {}) });
    return { body: issueShape(issue) };
  }),
  route('GET', `${PROJECT}/issues/:number/notes`, ({ state, path }) => ({
    body: state.notes.filter(({ on }) => on === Number(path.number)).map(noteShape),
  })),
  route('POST', `${PROJECT}/issues/:number/notes`, ({ state, path, body }) => ({
    status: 201,
    body: noteShape(state.say(Number(path.number), state.self, String(body.body))),
  })),
];

const REST: readonly WireRoute[] = [
  route('GET', '/api/v4/user', ({ state }) => ({ body: { id: 1, username: state.self } })),
  route('GET', '/api/v4/users', ({ state, query }) => {
    const accounts = [...state.permissions.keys()];
    const id = accounts.indexOf(query.get('username') ?? '');
    return { body: id < 0 ? [] : [{ id: id + 10, username: accounts[id] }] };
  }),
  route('GET', `${PROJECT}/members/all/:id`, ({ state, path }) => {
    const permission = [...state.permissions.values()][Number(path.id) - 10];
    return permission && permission !== 'none'
      ? { body: { id: Number(path.id), access_level: LEVELS[permission] } }
      : missing;
  }),
  route('POST', `${PROJECT}/statuses/:commit`, ({ state, path, body }) => {
    const { name: context, state: to, description: text = '', target_url: link } = body as Record<string, string>;
    if (text.length > 255) return { status: 400, body: { message: { description: ['is too long'] } } };
    const before = state.statuses.findLast((status) => status.commit === path.commit && status.context === context);
    if (before?.state === to)
      return { status: 400, body: { message: `Cannot transition status via :enqueue from :${to} (Reason(s): x)` } };
    state.statuses.push({ commit: path.commit!, context: context!, state: to!, text, link });
    return { status: 201, body: {} };
  }),
];

/** GitLab, at `<url>`, with the project `o/r` and the token `a-secret-token`. */
export function startGitLabWire(): Promise<WireForge> {
  return startWireForge({
    routes: [...MERGE_REQUESTS, ...NOTES, ...ISSUES, ...REST],
    signedIn: (headers) => headers['private-token'] === 'a-secret-token',
  });
}
