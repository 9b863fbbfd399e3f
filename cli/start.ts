import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { isMainstayError, userError } from '../foundation/errors.ts';
import { createLog } from '../foundation/log.ts';
import { endRecorded, identityOf } from '../foundation/processes.ts';
import { redactor } from '../foundation/redact.ts';
import { createShutdown, endOnSignals, type Shutdown } from '../foundation/shutdown.ts';
import { claimFolder } from './claim-folder.ts';
import { dataFolder, readRunnerAddress } from './data-folder.ts';
import { addCluster, offerCluster } from './demo-cluster.ts';
import { ensureDemoRepository, knowsCommitter } from './demo-repository.ts';
import { startRunnerProcess } from './runner-process.ts';
import { createTeller } from './teller.ts';
import { walkFirstChange } from './walk.ts';

/** The passphrase of the demo stacks' salts. It protects nothing: the repository that it is for comes with this package. */
const DEMO_PASSPHRASE = 'mainstay-demo';

/** Where a runner listens if it is not told. */
const RUNNER_PORT = 7206;

/** A line of the runner's standard output: the time, and what it has to say. */
const RESULT_LINE = /^\d\d:\d\d:\d\d\.\d{3} (.*)$/;

/** `npm start`: a runner on embedded defaults, a local repository, and one change walked through. `-- --reset` begins anew, `-- --cluster` deploys to the cluster of KUBECONFIG too. */
async function main(): Promise<void> {
  refuseOldNode();
  const shutdown = createShutdown(createLog({ level: 'error' }));
  endOnSignals(shutdown);
  try {
    await start(process.argv.slice(2), shutdown);
  } catch (error) {
    // A mistake has one clear line; anything else is a bug of ours, with its trace.
    console.error(isMainstayError(error) ? redactor.redact(error.message) : error);
    await shutdown.end('could not start');
    process.exit(1);
  }
}

async function start(args: readonly string[], shutdown: Shutdown): Promise<void> {
  const teller = createTeller();
  shutdown.add('teller', () => teller.close());
  const { say } = teller;
  const folder = dataFolder();
  refuseUnknown(args);
  shutdown.add('folder', claimFolder(folder));
  await endEarlierRunner(folder, say);
  const anew = args.includes('--reset');
  if (anew) rmSync(join(folder, 'repositories'), { recursive: true, force: true });
  const repository = join(folder, 'repositories', 'estate.git');
  mkdirSync(dirname(repository), { recursive: true });
  const made = await ensureDemoRepository(repository);
  say(made ? `made the repository ${repository}` : `using the repository ${repository}`);
  if (args.includes('--cluster')) await addCluster(repository, say);
  say('starting PostgreSQL and the runner');
  let walking = true;
  // What a runner says that does not come up is said once: as its last words.
  let early: string[] | undefined = [];
  const runner = await startRunnerProcess({
    folder,
    shutdown,
    anew,
    environment: { ...runnerEnvironment(folder, repository), ...(await portHere(say)) },
    onLine: (line) => {
      const told = RESULT_LINE.exec(line)?.[1];
      // The walk says by itself what comes of its change; what comes of the user's own is said here.
      if (told !== undefined) {
        if (!walking) say(told);
      } else if (early) early.push(line);
      else console.error(redactor.redact(line));
    },
  });
  for (const line of early) console.error(redactor.redact(line));
  early = undefined;
  say(`the runner is ready: ${runner.url}`);
  await walkFirstChange({ repository, api: runner.api, say });
  teller.close();
  const { url } = await runner.api.makeSignInLink();
  printNextSteps({ repository, url, known: await knowsCommitter() });
  offerCluster(args);
  walking = false;
}

function runnerEnvironment(folder: string, repository: string): Readonly<Record<string, string | undefined>> {
  return {
    MAINSTAY_ENGINE: 'embedded',
    MAINSTAY_POLL: '5',
    PULUMI_CONFIG_PASSPHRASE: DEMO_PASSPHRASE,
    MAINSTAY_PASS: 'KUBECONFIG',
    ...process.env,
    MAINSTAY_DATA: folder,
    MAINSTAY_REPOSITORIES: undefined,
    MAINSTAY_CONFIG: runnerFile(folder, repository),
  };
}

/** What the runner looks after, in a file: a list in a variable would end at a space in the path. */
function runnerFile(folder: string, repository: string): string {
  const file = join(folder, 'start-runner.yaml');
  writeFileSync(
    file,
    `${JSON.stringify({ repositories: [{ name: 'estate', forge: 'plain-git', url: repository }] })}\n`,
  );
  return file;
}

/** The runner's own port, or where that is somebody else's any that is free: nobody who tries this out has to look for one. */
async function portHere(say: (line: string) => void): Promise<Readonly<Record<string, string>>> {
  if (process.env.MAINSTAY_PORT !== undefined) return {};
  const server = createServer();
  const taken = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(true));
    server.listen(RUNNER_PORT, '127.0.0.1', () => server.close(() => resolve(false)));
  });
  if (!taken) return {};
  say(`port ${RUNNER_PORT} is taken: taking another one`);
  return { MAINSTAY_PORT: '0' };
}

/** A runner whose `npm start` was killed lives on; there is one per data folder. */
async function endEarlierRunner(folder: string, say: (line: string) => void): Promise<void> {
  const address = existsSync(folder) ? readRunnerAddress(folder) : undefined;
  const identity = address && identityOf(address.pid);
  if (!address || !identity) return;
  // The pid may be somebody else's by now: only a runner answers there.
  const answers = await fetch(new URL('/healthz', address.url)).then(
    (response) => response.ok,
    () => false,
  );
  if (!answers) return;
  say(`ending the runner that an earlier start left: process ${address.pid}`);
  await endRecorded(identity, 60_000);
}

function printNextSteps({ repository, url, known }: NextSteps): void {
  const person = known
    ? ''
    : "\n                    git config user.name 'Your Name' && git config user.email you@example.org";
  console.log(`
  Look at it        ${url}
                    (signs your browser in, once, within the hour; \`npx mainstay sign-in\` prints another)
  Ask               npx mainstay status
  Change something  git clone ${quoted(repository)} estate && cd estate${person}
                    git checkout -b my-change      # edit stacks/Pulumi.dev.yaml
                    git commit -am 'My change' && git push origin my-change
                    git checkout main && git merge my-change && git push
  End               Ctrl-C; the next \`npm start\` goes on from here, \`npm start -- --reset\` begins anew
`);
}

interface NextSteps {
  readonly repository: string;
  /** Signs in, once. */
  readonly url: string;
  /** Whether git knows who commits here. */
  readonly known: boolean;
}

/** As a shell has to have a path with spaces. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

function refuseUnknown(args: readonly string[]): void {
  const unknown = args.find((arg) => arg !== '--reset' && arg !== '--cluster');
  if (unknown === undefined) return;
  throw userError(`Cannot start as there is no such option: ${unknown}. There are --reset and --cluster.`);
}

function refuseOldNode(): void {
  if (Number(process.versions.node.split('.')[0]) >= 24) return;
  console.error(
    `Cannot start as this is Node.js ${process.versions.node}. Install Node.js 24, or on Linux run \`npm ci\` without --omit=optional, which brings it.`,
  );
  process.exit(1);
}

await main();
