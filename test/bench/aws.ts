import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { EC2 } from '@aws-sdk/client-ec2';
import { IAM } from '@aws-sdk/client-iam';
import { StackOnMoto } from '../servers/aws/stack-on-moto.ts';
import { type AwsServer, startAws, whyNot } from '../servers/start.ts';
import { measureProvider } from './aws-provider.ts';
import { watchMemory } from './engine/process-tree.ts';
import type { Report } from './main.ts';

const executable = resolve(import.meta.dirname, '../../engine/bin/pulumi');

/** The network of the prod stack on moto: time, calls of the API, and memory of the engine with program and provider. */
export async function run(report: Report): Promise<void> {
  const missing = await whyNot('aws');
  if (missing) return report.note(missing);
  const server = await startAws();
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-bench-aws-'));
  const only = ['aws:region', 'mainstay:network', 'mainstay:tags'];
  const stack = new StackOnMoto({ stack: 'prod', url: server.url, folder, only });
  try {
    await stack.prepare();
    await wake(server.url);
    await measureProvider(report, server.url);
    const resources = await measure(report, { stack, server, folder }, 'up', ['--yes', '--skip-preview']);
    report.note(`${resources} resources of AWS`);
    await measure(report, { stack, server, folder }, 'preview', ['--expect-no-changes']);
    await measure(report, { stack, server, folder }, 'refresh', ['--yes', '--skip-preview']);
    await measure(report, { stack, server, folder }, 'destroy', ['--yes', '--skip-preview']);
  } finally {
    await stack.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** moto loads a service when it is first called, which takes it seconds that are not ours. */
async function wake(endpoint: string): Promise<void> {
  const settings = { endpoint, region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const [ec2, iam, logs] = [new EC2(settings), new IAM(settings), new CloudWatchLogs(settings)];
  await Promise.all([ec2.describeImages({ Owners: ['self'] }), iam.listRoles({}), logs.describeLogGroups({})]);
  for (const client of [ec2, iam, logs]) client.destroy();
}

interface Place {
  readonly stack: StackOnMoto;
  readonly server: AwsServer;
  readonly folder: string;
}

let count = 0;

/** One command as a process of its own. Resolves to the number of resources of AWS that it shows. */
async function measure(report: Report, place: Place, command: string, options: readonly string[]): Promise<number> {
  const before = place.server.calls.length;
  const start = performance.now();
  const { output, memory } = await pulumi(place, [command, '--stack', 'prod', ...options]);
  const milliseconds = performance.now() - start;
  const calls = place.server.calls.slice(before);
  if (command === 'up') count = new Set(output.match(/aws:\w+(?:\/\w+)?:\w+ \S+ created/g)).size;
  const each = (calls.length / count).toFixed(1);
  report.time(command, milliseconds, `${calls.length} calls (${each} a resource), ${memory.toFixed(0)} MB at the peak`);
  if (command === 'refresh') report.note(`refresh: ${byAction(calls)}`);
  return count;
}

function byAction(calls: readonly { readonly action: string }[]): string {
  const counts = Map.groupBy(calls, ({ action }) => action);
  return [...counts].map(([action, some]) => `${action} ${some.length}`).join(', ');
}

function pulumi({ stack, folder }: Place, args: readonly string[]) {
  return new Promise<{ readonly output: string; readonly memory: number }>((done, reject) => {
    const options = { cwd: folder, env: stack.environment(), maxBuffer: 1 << 26 };
    const child = execFile(executable, [...args, '--non-interactive'], options, (error, stdout, stderr) => {
      const memory = peak();
      if (error) reject(new Error(`pulumi ${args.join(' ')}: ${stdout.slice(-2000)}\n${stderr}`));
      else done({ output: stdout, memory });
    });
    const peak = watchMemory(child.pid!);
  });
}
