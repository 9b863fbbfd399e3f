import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createEmbeddedPulumi } from '../../engine/automation/pulumi-command.ts';
import { startControlPlane } from '../servers/control-plane.ts';
import { whyNot } from '../servers/start.ts';
import { watchMemory } from './engine/process-tree.ts';
import type { Report } from './main.ts';

const root = resolve(import.meta.dirname, '../..');

/** One Namespace, ten Deployments of two replicas, ten Services: the stack of the issue. */
const PROGRAM = `
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
const count = new pulumi.Config().getNumber('count') ?? 10;
const namespace = new k8s.core.v1.Namespace('bench').metadata.name;
for (let index = 0; index < count; index += 1) {
  const labels = { app: 'app-' + index };
  const spec = { containers: [{ name: 'main', image: 'nginx:1' }] };
  const deployment = new k8s.apps.v1.Deployment('app-' + index, {
    metadata: { namespace },
    spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
  // After its Deployment: as many Services as operations run at once would else wait for pods that are behind them in the queue.
  const selector = deployment.spec.template.metadata.labels;
  new k8s.core.v1.Service('app-' + index, { metadata: { namespace }, spec: { selector, ports: [{ port: 80 }] } });
}
const maps = new pulumi.Config().getNumber('maps') ?? 0;
for (let index = 0; index < maps; index += 1)
  new k8s.core.v1.ConfigMap('map-' + index, { metadata: { namespace }, data: { index: String(index) } });
`;

const PLUGIN = 'pulumi-resource-kubernetes';

/** A way to run the CLI: ours or the official one. */
interface Cli {
  readonly name: string;
  readonly executable: string;
  /** Folders that have to be on PATH. */
  readonly path: readonly string[];
}

const OURS: Cli = { name: 'ours', executable: join(root, 'engine/bin/pulumi'), path: [] };

/** Measures a stack on a real control plane: against the official CLI and provider where both are installed. */
export async function run(report: Report): Promise<void> {
  const missing = await whyNot('kubernetes');
  if (missing) return report.note(missing);
  const plane = await startControlPlane();
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-bench-kubernetes-'));
  try {
    const ours = await measure(report, OURS, { folder, kubeconfig: plane.kubeconfig });
    const warm = await measureWarm(report, { folder, kubeconfig: plane.kubeconfig });
    const official = findOfficial();
    if (official) {
      const theirs = await measure(report, official, { folder, kubeconfig: plane.kubeconfig });
      report.ratio('create, all ready', theirs.create, ours.create);
      report.ratio('preview without changes, each its own process', theirs.preview, ours.preview);
      report.ratio('preview without changes, ours warm', theirs.preview, warm);
    } else {
      report.note('the official CLI with its kubernetes plugin is not installed: measured elsewhere as 22 s and 4 s');
      report.ratio('create, all ready, against 22 s measured elsewhere', 22_000, ours.create);
      report.ratio('preview without changes, ours warm, against 4 s measured elsewhere', 4000, warm);
    }
    await measureMany(report, { folder, kubeconfig: plane.kubeconfig });
  } finally {
    await plane.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly folder: string;
  readonly kubeconfig: string;
}

interface Measured {
  readonly create: number;
  readonly preview: number;
}

async function measure(report: Report, cli: Cli, place: Place): Promise<Measured> {
  const pulumi = await prepare(cli, place, cli.name);
  const create = await timed(() => pulumi('up', '--yes', '--skip-preview'));
  report.time(`${cli.name}: create 21 objects, all ready`, create);
  const previews: number[] = [];
  for (let round = 0; round < 3; round += 1) previews.push(await timed(() => pulumi('preview')));
  const preview = previews.sort((left, right) => left - right)[1]!;
  report.time(`${cli.name}: preview without changes, its own process`, preview);
  report.time(`${cli.name}: refresh`, await timed(() => pulumi('refresh', '--yes', '--skip-preview')));
  report.time(`${cli.name}: destroy`, await timed(() => pulumi('destroy', '--yes', '--skip-preview')));
  return { create, preview };
}

/** A thousand objects: time, and memory of the process tree at its peak. */
async function measureMany(report: Report, place: Place): Promise<void> {
  const pulumi = await prepare(OURS, place, 'many');
  const measured = async (name: string, ...args: string[]) => {
    let memory = 0;
    const milliseconds = await timed(async () => {
      memory = await pulumi(...args);
    });
    report.time(`ours: ${name}`, milliseconds, `${memory.toFixed(0)} MB`);
  };
  await pulumi('config', 'set', 'count', '0');
  await pulumi('config', 'set', 'maps', '1000');
  await measured('create 1,000 ConfigMaps', 'up', '--yes', '--skip-preview');
  await measured('preview 1,000 ConfigMaps without changes', 'preview');
  await measured('refresh 1,000 ConfigMaps', 'refresh', '--yes', '--skip-preview');
  await measured('destroy 1,000 ConfigMaps', 'destroy', '--yes', '--skip-preview');
}

/** The engine in this process, with the program and the provider kept between commands. Milliseconds of a warm preview. */
async function measureWarm(report: Report, place: Place): Promise<number> {
  const { program, environment } = await makeProgram(OURS, place, 'warm');
  const embedded = createEmbeddedPulumi({ environment });
  const pulumi = (...args: string[]) => embedded.run(args, program, {});
  try {
    await pulumi('stack', 'init', 'bench');
    await pulumi('up', '--yes', '--skip-preview');
    const previews: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      previews.push(await timed(() => pulumi('preview')));
      // A used program process is replaced in the background: the next preview of a person or of the runner comes later than that.
      await delay(3000);
    }
    const warm = previews.slice(1).sort((left, right) => left - right)[2]!;
    report.time('ours: preview without changes, warm', warm);
    await pulumi('destroy', '--yes', '--skip-preview');
    return warm;
  } finally {
    await embedded.close();
  }
}

interface Program {
  readonly program: string;
  readonly environment: Record<string, string | undefined>;
}

async function makeProgram(cli: Cli, { folder, kubeconfig }: Place, name: string): Promise<Program> {
  const program = join(folder, name);
  await mkdir(join(program, 'state'), { recursive: true });
  await writeFile(join(program, 'Pulumi.yaml'), `name: bench-${name}\nruntime: nodejs\n`);
  await writeFile(
    join(program, 'package.json'),
    '{ "name": "bench", "main": "index.ts", "dependencies": { "@pulumi/kubernetes": "*" } }',
  );
  await writeFile(join(program, 'index.ts'), PROGRAM);
  await symlink(join(root, 'node_modules'), join(program, 'node_modules'));
  // Our engine takes the official plugin where it finds it: what is to be measured then is not ours.
  const others = (process.env.PATH ?? '').split(delimiter).filter((path) => !existsSync(join(path, PLUGIN)));
  const environment = {
    ...process.env,
    PATH: [...cli.path, ...others].join(delimiter),
    KUBECONFIG: kubeconfig,
    PULUMI_HOME: join(program, 'home'),
    PULUMI_BACKEND_URL: `file://${join(program, 'state')}`,
    PULUMI_CONFIG_PASSPHRASE: 'bench',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
  return { program, environment };
}

/** Runs commands, each a process of its own. Resolves to the megabytes of its process tree at its peak. */
async function prepare(cli: Cli, place: Place, name: string): Promise<(...args: readonly string[]) => Promise<number>> {
  const { program, environment } = await makeProgram(cli, place, name);
  const pulumi = (...args: readonly string[]) =>
    new Promise<number>((done, reject) => {
      const options = { cwd: program, env: environment, maxBuffer: 1 << 28 };
      const child = execFile(cli.executable, [...args, '--non-interactive'], options, (error, stdout, stderr) => {
        const memory = peak();
        if (error) reject(new Error(`${cli.name}: pulumi ${args.join(' ')}: ${stdout.slice(-2000)}\n${stderr}`));
        else done(memory);
      });
      const peak = watchMemory(child.pid!);
    });
  await pulumi('stack', 'init', 'bench');
  return pulumi;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The official CLI and plugin: from PATH, or from where `MAINSTAY_BENCH_OFFICIAL` says (folders, as PATH has them). */
function findOfficial(): Cli | undefined {
  const folders = [
    ...(process.env.MAINSTAY_BENCH_OFFICIAL ?? '').split(delimiter),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  const find = (name: string) =>
    folders
      .filter((folder) => folder !== '')
      .find((folder) => existsSync(join(folder, name)) && resolve(folder) !== join(root, 'engine/bin'));
  const cli = find('pulumi');
  const plugin = find(PLUGIN) ?? (existsSync(join(homedir(), '.pulumi/plugins')) ? '' : undefined);
  if (cli === undefined || plugin === undefined) return undefined;
  return { name: 'official', executable: join(cli, 'pulumi'), path: [cli, plugin].filter((folder) => folder !== '') };
}
