import { resolve } from 'node:path';
import { startPlugin } from '../../engine/plugins/start-plugin.ts';
import { connectProvider } from '../../protocol/provider-client.ts';
import { treeMemory } from './engine/process-tree.ts';
import type { Report } from './main.ts';

const main = resolve(import.meta.dirname, '../../providers/aws/main.ts');
const identity = { urn: 'urn:pulumi:bench::bench::pulumi:providers:aws::default', name: 'default' };
const inputs = { region: 'eu-central-1', accessKey: 'test', secretKey: 'test' };
const RUNS = 5;

/** The provider alone, as a plugin's process: until it says its port, until it has answered its first call, and its memory then. */
export async function measureProvider(report: Report, url: string): Promise<void> {
  const runs: Measured[] = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await measureOnce(url));
  const of = (key: keyof Measured) => runs.map((run) => run[key]).toSorted((one, two) => one - two)[RUNS >> 1]!;
  report.time('provider started', of('started'), `${of('idle').toFixed(0)} MB`);
  report.time('configured, its first VPC made and read', of('called'), `${of('used').toFixed(0)} MB`);
}

interface Measured {
  /** Milliseconds since its start. */
  readonly started: number;
  readonly called: number;
  /** Megabytes. */
  readonly idle: number;
  readonly used: number;
}

async function measureOnce(url: string): Promise<Measured> {
  const start = performance.now();
  const environment = { PATH: process.env.PATH ?? '', AWS_ENDPOINT_URL: url };
  const plugin = { name: 'aws', command: process.execPath, args: [main], directory: process.cwd(), environment };
  const running = await startPlugin(plugin, () => {});
  const provider = await connectProvider(running.address, {});
  try {
    const started = performance.now() - start;
    const idle = treeMemory(running.pid);
    await provider.configure({ ...identity, type: 'pulumi:providers:aws', id: 'id', inputs });
    const type = 'aws:ec2/vpc:Vpc';
    const vpc = { urn: `urn:pulumi:bench::bench::${type}::main`, name: 'main', type };
    const request = { olds: {}, news: { cidrBlock: '10.0.0.0/16' }, randomSeed: new Uint8Array(32) };
    const checked = await provider.check({ ...vpc, ...request });
    const made = await provider.create({ ...vpc, inputs: checked.inputs, timeout: 0, preview: false });
    const called = performance.now() - start;
    const used = treeMemory(running.pid);
    await provider.delete({ ...vpc, id: made.id, inputs: checked.inputs, outputs: made.outputs, timeout: 0 });
    return { started, called, idle, used };
  } finally {
    await provider.close();
    await running.stop();
  }
}
