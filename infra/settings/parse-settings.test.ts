import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { readStackFile } from './file-places';
import { parseSettings } from './parse-settings';

const folder = mkdtempSync(join(tmpdir(), 'mainstay-settings-'));
after(() => rmSync(folder, { recursive: true }));

/** Every mistake of a stack's file, as the program says it. */
function mistakes(config: string): readonly string[] {
  const path = join(folder, 'Pulumi.dev.yaml');
  writeFileSync(path, config);
  const values = (parse(config) as { config: Record<string, unknown> }).config;
  const own = Object.entries(values).filter(([key]) => key.startsWith('mainstay:'));
  const result = parseSettings({
    values: Object.fromEntries(own.map(([key, value]) => [key.slice('mainstay:'.length), decrypted(value)])),
    hasSecrets: config.includes('secure:'),
    openFile: () => readStackFile(path, 'stacks/Pulumi.dev.yaml', 'mainstay'),
  });
  return 'mistakes' in result ? result.mistakes : [];
}

/** What the engine hands to a program: `secure` replaced by the text. */
function decrypted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decrypted);
  if (typeof value !== 'object' || value === null) return value;
  const members = value as Record<string, unknown>;
  if (typeof members.secure === 'string') return 'hunter2';
  return Object.fromEntries(Object.entries(members).map(([key, member]) => [key, decrypted(member)]));
}

const APPLICATION = `config:
  mainstay:applications:
    shop:
      image: registry.example/shop:1.4.2
`;

describe('the settings of a stack', () => {
  it('are taken where nothing is wrong', () => {
    assert.deepEqual(mistakes(APPLICATION), []);
    assert.deepEqual(mistakes('config:\n  aws:region: eu-central-1\n'), []);
  });

  it('say where a value is wrong, what it is, and what it should be', () => {
    const file = `config:
  # The network.
  mainstay:network:
    zones: [eu-central-1a]
    cidr: 10.0.0.0/33
`;
    assert.deepEqual(mistakes(file), [
      'stacks/Pulumi.dev.yaml:5:11 network.cidr "10.0.0.0/33" is not a CIDR block: the prefix is between 16 and 28',
    ]);
  });

  it('say everything at once', () => {
    const file = `${APPLICATION}      replicas: -1
      port: http
      probe: { path: /healthz }
    cart:
      image: shop:latest
    "Bad Name":
      image: shop:1
  mainstay:sandbox: maybe
`;
    assert.deepEqual(mistakes(file), [
      'stacks/Pulumi.dev.yaml:5:17 applications.shop.replicas -1 is too small: at least 0',
      'stacks/Pulumi.dev.yaml:6:13 applications.shop.port "http" is not a number',
      'stacks/Pulumi.dev.yaml:7:7 applications.shop.probe is not a setting: did you mean probes?',
      'stacks/Pulumi.dev.yaml:9:14 applications.cart.image "shop:latest" can be another image tomorrow: name a version, or a digest',
      'stacks/Pulumi.dev.yaml:10:5 applications.Bad Name "Bad Name" is not a name: lower-case letters, digits and -, at most 53, beginning with a letter',
      'stacks/Pulumi.dev.yaml:12:21 sandbox "maybe" is not true or false',
    ]);
  });

  it('name the nearest known key, at every depth, in lists too', () => {
    const file = `config:
  mainstay:netwrok: {}
  mainstay:cluster:
    kind: existing
    kubeconfg: x
  mainstay:domains:
    shop.example:
      records:
        - { name: www, type: A, valeus: [192.0.2.1], values: [192.0.2.1] }
`;
    assert.deepEqual(mistakes(file), [
      'stacks/Pulumi.dev.yaml:2:3 netwrok is not a setting: did you mean network?',
      'stacks/Pulumi.dev.yaml:5:5 cluster.kubeconfg is not a setting: did you mean kubeconfig?',
      'stacks/Pulumi.dev.yaml:9:33 domains["shop.example"].records[0].valeus is not a setting: did you mean values?',
    ]);
  });

  it('point at the section where something is missing', () => {
    const file = 'config:\n  mainstay:applications:\n    shop:\n      replicas: 2\n';
    assert.deepEqual(mistakes(file), ['stacks/Pulumi.dev.yaml:3:5 applications.shop.image is missing']);
  });

  it('list what may stand where one of a few is wanted', () => {
    const file = `config:
  mainstay:cluster: { kind: gke }
  mainstay:network: { cidr: 10.0.0.0/16, zones: [eu-central-1a], nat: both, zoneSlots: 3 }
`;
    assert.deepEqual(mistakes(file), [
      'stacks/Pulumi.dev.yaml:2:29 cluster.kind "gke" is none of eks, existing',
      'stacks/Pulumi.dev.yaml:3:71 network.nat "both" is none of none, single, perZone',
      'stacks/Pulumi.dev.yaml:3:88 network.zoneSlots 3 is none of 2, 4, 8, 16',
    ]);
  });

  it('see what one section needs of another', () => {
    const file = `config:
  mainstay:cluster: { kind: eks, version: "1.35", nodeGroups: { general: { maximum: 2 } } }
  mainstay:tenants: { store: {} }
  mainstay:applications:
    shop: { image: "shop:1", tenant: stroe, ingress: { hosts: [www.shop.example] } }
`;
    assert.deepEqual(mistakes(file), [
      'stacks/Pulumi.dev.yaml:2:29 cluster.kind "eks" needs a network: set mainstay:network',
      'stacks/Pulumi.dev.yaml:5:38 applications.shop.tenant "stroe" is not a tenant of this stack: did you mean store?',
      'stacks/Pulumi.dev.yaml:5:54 applications.shop.ingress {"hosts":["www.shop.example"]} leads nowhere: set the port of the application',
    ]);
  });

  it('want secrets encrypted, and nothing else', () => {
    const clear = `${APPLICATION}      secrets: { TOKEN: hunter2 }\n`;
    assert.deepEqual(mistakes(clear), [
      "stacks/Pulumi.dev.yaml:5:25 applications.shop.secrets.TOKEN is a secret in the clear: encrypt it with pulumi config set --path 'mainstay:applications.shop.secrets.TOKEN' --secret",
    ]);
    assert.deepEqual(mistakes(`${APPLICATION}      secrets: { TOKEN: { secure: "v1:x" } }\n`), []);
    const needless = `${APPLICATION}      environment: { LEVEL: { secure: "v1:x" } }\n`;
    assert.match(mistakes(needless)[0]!, /:5:22 applications\.shop\.environment\.LEVEL is encrypted and is no secret/);
  });

  it('never show a secret in a mistake', () => {
    for (const value of ['hunter2', '[hunter2]', '{ a: hunter2 }']) {
      for (const line of mistakes(`${APPLICATION}      secrets: { TOKEN: ${value} }\n`))
        assert.doesNotMatch(line, /hunter2/);
    }
    const kubeconfig = 'config:\n  mainstay:cluster: { kind: existing, kubeconfig: [hunter2] }\n';
    assert.ok(mistakes(kubeconfig).length > 0);
    for (const line of mistakes(kubeconfig)) assert.doesNotMatch(line, /hunter2/);
  });

  it('never fail otherwise than by a list of mistakes', () => {
    const keys = fc.constantFrom('network', 'cluster', 'applications', 'tenants', 'sandbox', 'domains', 'charts', 'x');
    fc.assert(
      fc.property(fc.dictionary(keys, fc.jsonValue({ maxDepth: 4 })), (values) => {
        const result = parseSettings({
          values,
          hasSecrets: false,
          openFile: () => readStackFile(join(folder, 'none.yaml'), 'stacks/none.yaml', 'mainstay'),
        });
        if ('mistakes' in result) assert.ok(result.mistakes.every((line) => line.startsWith('stacks/none.yaml ')));
      }),
    );
  });
});
