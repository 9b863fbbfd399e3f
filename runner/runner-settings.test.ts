import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRunnerSettings } from './runner-settings.ts';

test('asks where browsers come back to where people sign in at a provider and the runner is not on this machine alone', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-runner-settings-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'runner.yaml');
  const signIn = '{issuer: "https://id.example.org", clientId: mainstay}';
  writeFileSync(file, `repositories:\n  - {name: a, forge: plain-git, url: /srv/a.git}\naccess: {signIn: ${signIn}}\n`);
  const environment = { MAINSTAY_CONFIG: file, MAINSTAY_DATA: folder };
  assert.equal(readRunnerSettings(environment).signOn?.issuer, 'https://id.example.org');
  const open = { ...environment, MAINSTAY_LISTEN: '0.0.0.0' };
  assert.throws(
    () => readRunnerSettings(open),
    /^MainstayError: Cannot use single sign-on as nothing says where browsers come back to: MAINSTAY_PUBLIC_URL/,
  );
  const url = 'https://mainstay.example.org';
  assert.equal(readRunnerSettings({ ...open, MAINSTAY_PUBLIC_URL: url }).publicUrl, url);
});
