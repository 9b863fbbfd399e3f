import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ambientFacts, clusterFacts } from './existing-cluster';

const folder = mkdtempSync(join(tmpdir(), 'mainstay-kubeconfig-'));
after(() => rmSync(folder, { recursive: true }));

const TEXT = `apiVersion: v1
kind: Config
current-context: blue
clusters:
  - { name: one, cluster: { server: "https://one.example:6443", certificate-authority-data: T05F } }
  - { name: two, cluster: { server: "https://two.example:6443" } }
contexts:
  - { name: blue, context: { cluster: one, user: me } }
  - { name: green, context: { cluster: two, user: me } }
users:
  - { name: me, user: { token: hunter2 } }
`;

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('clusterFacts', () => {
  it('takes the current context, or the one that is named; from YAML, JSON or a file', () => {
    const blue = { endpoint: 'https://one.example:6443', certificateAuthority: 'T05F' };
    assert.deepEqual(clusterFacts(TEXT), blue);
    assert.deepEqual(clusterFacts(file('config', TEXT)), blue);
    const json = JSON.stringify({
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'y' } }],
      clusters: [{ name: 'y', cluster: { server: 'https://y.example' } }],
    });
    assert.equal(clusterFacts(json).endpoint, 'https://y.example');
    assert.deepEqual(clusterFacts(TEXT, 'green'), {
      endpoint: 'https://two.example:6443',
      certificateAuthority: undefined,
    });
  });

  it('reads an authority that is a file of its own', () => {
    const path = file('ca.pem', 'PEM');
    const text = TEXT.replace('certificate-authority-data: T05F', `certificate-authority: ${path}`);
    assert.equal(clusterFacts(text).certificateAuthority, Buffer.from('PEM').toString('base64'));
  });

  it('says what it cannot use, and never what is in it', () => {
    const cases: readonly (readonly [() => unknown, RegExp])[] = [
      [() => clusterFacts(TEXT, 'red'), /no context red\. Name one of its own: blue, green/],
      [() => clusterFacts('users: [{ token: hunter2 }\n'), /as it is not YAML/],
      [() => clusterFacts('hunter2 and more\nof it'), /as it is no kubeconfig/],
      [() => clusterFacts('{}'), /no context that is the current one.*none/],
      [() => clusterFacts(TEXT.replace(/server: "https:\/\/one[^"]*", /, '')), /cluster one has no server/],
      [() => clusterFacts(join(folder, 'nowhere')), /Cannot read the file of a kubeconfig: .*nowhere/],
    ];
    for (const [work, message] of cases) {
      assert.throws(work, (error: Error) => message.test(error.message) && !error.message.includes('hunter2'));
    }
  });
});

describe('ambientFacts', () => {
  it('merges the files of KUBECONFIG, the first one deciding', () => {
    const first = file('first', 'current-context: green\n');
    const environment = { KUBECONFIG: [first, join(folder, 'nowhere'), file('second', TEXT)].join(delimiter) };
    assert.equal(ambientFacts(undefined, environment)?.endpoint, 'https://two.example:6443');
    assert.equal(ambientFacts('blue', environment)?.endpoint, 'https://one.example:6443');
  });

  it('is nothing where the machine has no such context', () => {
    assert.equal(ambientFacts(undefined, { HOME: folder }), undefined);
    assert.equal(ambientFacts('red', { KUBECONFIG: file('third', TEXT) }), undefined);
  });
});
