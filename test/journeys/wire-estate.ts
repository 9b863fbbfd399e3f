import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { git } from '../../cli/demo-repository.ts';
import { startGitHubWire } from '../../runner/forges/wire/hub-wire.ts';
import type { WireForge } from '../../runner/forges/wire/wire-forge.ts';
import { createEstate, type Estate, FIRST_FILES, type StateFile } from './estate.ts';
import { type ExternalPostgres, startExternalPostgres } from './external-postgres.ts';
import { type RecordedStep, readSteps } from './record-steps.ts';

const SECRET = 'what deliveries are signed with';

/** Two runners on two machines, one database, and one repository on GitHub: its API is at the wire, all else is real. */
export interface WireEstate {
  readonly wire: WireForge;
  readonly postgres: ExternalPostgres;
  /** Not started. */
  readonly runners: readonly [Estate, Estate];
  /** Every durable step of both so far. */
  steps(): readonly RecordedStep[];
  /** Pushes to the branch of a pull request, which is opened at first. Nobody is told. */
  propose(branch: string, files: Readonly<Record<string, string>>): Promise<{ number: number; head: string }>;
  /** Sends a delivery to a runner. Resolves to the status of the answer; undefined where nobody is there. */
  deliver(to: Estate, delivery: WireDelivery): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface WireDelivery {
  readonly event: string;
  /** Text is sent as it is. */
  readonly payload: unknown;
  /** Default: the right one. */
  readonly secret?: string;
}

const repository = { full_name: 'o/r' };

export function pullDelivery(number: number, head: string, branch: string): WireDelivery {
  const payload = { action: 'synchronize', number, repository };
  return {
    event: 'pull_request',
    payload: {
      ...payload,
      pull_request: { head: { sha: head, ref: branch, repo: repository }, base: { ref: 'main' } },
    },
  };
}

export function pushDelivery(branch: string, after: string): WireDelivery {
  return { event: 'push', payload: { repository, ref: `refs/heads/${branch}`, after } };
}

export async function createWireEstate(files = FIRST_FILES): Promise<WireEstate> {
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).toReversed()) await end();
  };
  try {
    const wire = await startGitHubWire();
    closing.push(() => wire.close());
    wire.state.permissions.set('ada', 'write');
    const postgres = await startExternalPostgres();
    closing.push(() => postgres.close());
    const first = await createEstate({ MAINSTAY_REPOSITORIES: '', MAINSTAY_POLL: '3600' }, files);
    closing.push(() => first.close());
    const environment = prepare(first, wire, postgres);
    const machine = (name: string) =>
      first.beside(name, { ...environment, JOURNEY_MACHINE: name, MAINSTAY_WORKER: name });
    const runners = [machine('here'), machine('there')] as const;
    const steps = () => readSteps(environment.JOURNEY_STEPS);
    return { wire, postgres, runners, steps, close, ...actions(first, wire) };
  } catch (error) {
    await close();
    throw error;
  }
}

function actions(first: Estate, wire: WireForge): Pick<WireEstate, 'propose' | 'deliver'> {
  return {
    async propose(branch, files) {
      const head = await first.push(branch, files);
      const pull = wire.state.pulls.find((each) => each.branch === branch) ?? wire.state.propose({ branch, head });
      pull.head = head;
      await git(first.repository, 'update-ref', `refs/pull/${pull.number}/head`, head);
      return { number: pull.number, head };
    },
    async deliver(to, { event, payload, secret = SECRET }) {
      const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
      const signature = createHmac('sha256', secret).update(body).digest('hex');
      const headers = { 'x-github-event': event, 'x-hub-signature-256': `sha256=${signature}` };
      const options = { method: 'POST', body, headers };
      const answer = await fetch(`${to.url()}/webhooks/estate`, options).catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.status;
    },
  };
}

/** What both runners are told; states and the sandbox's clouds are one for both, as those of a company are. */
function prepare({ folder, repository: place }: Estate, wire: WireForge, { url }: ExternalPostgres) {
  const shared = join(folder, 'shared');
  mkdirSync(join(shared, 'sandbox'), { recursive: true });
  for (const name of ['here', 'there']) {
    mkdirSync(join(folder, name, 'pulumi-home'), { recursive: true });
    symlinkSync(join(shared, 'sandbox'), join(folder, name, 'pulumi-home', 'sandbox'));
  }
  // Git is not at the wire: what is asked of GitHub's address is at the repository's.
  writeFileSync(join(folder, '.gitconfig'), `[url "file://${place}"]\n\tinsteadOf = ${wire.url}/o/r.git\n`);
  const settings = join(folder, 'runner.yaml');
  writeFileSync(
    settings,
    `repositories:
  - name: estate
    forge: github
    url: ${wire.url}
    repository: o/r
    token: {env: JOURNEY_TOKEN}
    webhookSecret: {env: JOURNEY_SECRET}
`,
  );
  const preloads = ['other-machine.ts', 'record-steps.ts'].map((name) =>
    pathToFileURL(join(import.meta.dirname, name)),
  );
  return {
    ...{ HOME: folder, MAINSTAY_CONFIG: settings, DATABASE_URL: url, PULUMI_BACKEND_URL: `file://${shared}` },
    ...{ JOURNEY_TOKEN: 'a-secret-token', JOURNEY_SECRET: SECRET, JOURNEY_STEPS: join(folder, 'steps') },
    NODE_OPTIONS: preloads.map(({ href }) => `--import=${href}`).join(' '),
  };
}

/** The state file of a stack that both update. */
export function sharedState({ folder }: Estate, stack: string): StateFile {
  const file = join(folder, 'shared/.pulumi/stacks/journey', `${stack}.json`);
  return (JSON.parse(readFileSync(file, 'utf8')) as { checkpoint: { latest: StateFile } }).checkpoint.latest;
}
