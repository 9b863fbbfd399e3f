import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js';
import analyzerServices from '@pulumi/pulumi/proto/analyzer_grpc_pb.js';
import messages from '@pulumi/pulumi/proto/analyzer_pb.js';
import pluginMessages from '@pulumi/pulumi/proto/plugin_pb.js';
import { withoutSecrets } from '../../protocol/property-equality.ts';
import { type PropertyMap, Secret } from '../../protocol/property-value.ts';
import { decodeProperties, encodeProperties } from '../../protocol/struct-codec.ts';
import type { Dislike, Operation, ScenarioPolicy } from './scenario-data.ts';

const levels = ['advisory', 'mandatory', 'disabled', 'remediate'] as const;
const name = 'random';

interface Looked {
  getUrn(): string;
  getName(): string;
  getType(): string;
  getProperties(): unknown;
}

/**
 * A policy pack with the policies of the current operation. It runs in this process; what an engine starts only says where it listens.
 * What it was asked is noted.
 */
export class PolicyPackServer {
  readonly #server = new Server();
  readonly #note: (call: string) => void;
  current: Pick<Operation, 'policies'> = {};

  constructor(note: (call: string) => void) {
    this.#note = note;
  }

  /** Makes the pack's folder, and in it what engines start (`executable`). */
  async start(folder: string): Promise<void> {
    const { AnalyzerService } = analyzerServices as unknown as { AnalyzerService: never };
    this.#server.addService(AnalyzerService, {
      handshake: answer(() => new messages.AnalyzerHandshakeResponse()),
      configureStack: answer(() => new messages.AnalyzerStackConfigureResponse()),
      getAnalyzerInfo: answer(() => this.#info()),
      getPluginInfo: answer(pluginInfo),
      analyze: answer<Looked>((request) => this.#analyze([request], false)),
      analyzeStack: answer<{ getResourcesList(): Looked[] }>((request) =>
        this.#analyze(request.getResourcesList(), true),
      ),
      remediate: answer<Looked>((request) => this.#remediate(request)),
    } as never);
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'PulumiPolicy.yaml'), 'runtime: differential\nversion: 1.0.0\n');
    // The engine ends it; should it not, it ends by itself.
    await writeFile(executable(folder), `#!/bin/sh\necho ${port}\nexec sleep 120\n`);
    await chmod(executable(folder), 0o755);
  }

  close(): void {
    this.#server.forceShutdown();
  }

  #info(): unknown {
    const info = new messages.AnalyzerInfo();
    info.setName(name);
    info.setVersion('1.0.0');
    info.setSupportsconfig(false);
    info.setPoliciesList(
      this.#policies.map((policy, index) => {
        const one = new messages.PolicyInfo();
        one.setName(nameOf(policy, index));
        one.setEnforcementlevel(levels.indexOf(policy.level) as never);
        return one;
      }),
    );
    return info;
  }

  get #policies(): readonly ScenarioPolicy[] {
    return this.current.policies ?? [];
  }

  #analyze(resources: readonly Looked[], wholeStack: boolean): unknown {
    const diagnostics = resources.flatMap((resource) => {
      const properties = this.#look(wholeStack ? 'analyzeStack' : 'analyze', resource);
      return this.#policies.flatMap((policy, index) => {
        if (policy.wholeStack !== wholeStack || !isDisliked(policy.dislikes, properties)) return [];
        const diagnostic = new messages.AnalyzeDiagnostic();
        diagnostic.setPolicyname(nameOf(policy, index));
        diagnostic.setPolicypackname(name);
        diagnostic.setMessage(`${policy.dislikes} is not wanted`);
        diagnostic.setEnforcementlevel(levels.indexOf(policy.level) as never);
        diagnostic.setUrn(resource.getUrn());
        return [diagnostic];
      });
    });
    const response = new messages.AnalyzeResponse();
    response.setDiagnosticsList(diagnostics);
    return response;
  }

  #remediate(resource: Looked): unknown {
    const response = new messages.RemediateResponse();
    let properties = this.#look('remediate', resource);
    const remediations = this.#policies.flatMap((policy, index) => {
      const applies = policy.level === 'remediate' && !policy.wholeStack && isDisliked(policy.dislikes, properties);
      if (!applies || !resource.getType().startsWith('test:')) return [];
      properties = remedied(policy.dislikes, properties);
      const remediation = new messages.Remediation();
      remediation.setPolicyname(nameOf(policy, index));
      remediation.setPolicypackname(name);
      remediation.setProperties(encodeProperties(properties) as never);
      return [remediation];
    });
    response.setRemediationsList(remediations);
    return response;
  }

  #look(what: string, resource: Looked): PropertyMap {
    const properties = decodeProperties(resource.getProperties() as never);
    const { size = 'unset', tags = 'unset' } = withoutSecrets(properties) as PropertyMap;
    if (resource.getType().startsWith('test:'))
      this.#note(`${what} ${resource.getName()} ${JSON.stringify([size, tags])}`);
    return properties;
  }
}

/** What starts the pack of a folder. */
export function executable(folder: string): string {
  return join(folder, 'pulumi-analyzer-policy-differential');
}

function nameOf({ level, wholeStack, dislikes }: ScenarioPolicy, index: number): string {
  return `${index}-${level}-${wholeStack ? 'stack-' : ''}${dislikes.replaceAll(' ', '-')}`;
}

function isDisliked(dislikes: Dislike, properties: PropertyMap): boolean {
  const { size, tags } = withoutSecrets(properties) as PropertyMap;
  const list = Array.isArray(tags) ? tags : undefined;
  if (dislikes === 'size 1') return size === 1;
  if (dislikes === 'a tag x') return list?.includes('x') ?? false;
  if (dislikes === 'no tags') return list?.length === 0;
  return properties.hidden instanceof Secret;
}

function remedied(dislikes: Dislike, properties: PropertyMap): PropertyMap {
  if (dislikes === 'size 1') return { ...properties, size: 2 };
  if (dislikes === 'a tag x') return { ...properties, tags: ['y'] };
  if (dislikes === 'no tags') return { ...properties, tags: ['policy'] };
  // Never the same value in the clear: this engine marks that as secret again, on purpose.
  const { hidden: _hidden, ...others } = properties;
  return others;
}

function pluginInfo(): unknown {
  const info = new pluginMessages.PluginInfo();
  info.setVersion('1.0.0');
  return info;
}

function answer<Request>(make: (request: Request) => unknown) {
  return ({ request }: { readonly request: Request }, reply: sendUnaryData<unknown>): void => {
    try {
      reply(null, make(request));
    } catch (error) {
      reply(error as Error);
    }
  };
}
