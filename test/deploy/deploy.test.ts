import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { validate } from 'dockerfile-utils';

const ROOT = join(import.meta.dirname, '..', '..');
const DEPLOY = join(ROOT, 'deploy');

test('the Dockerfile has no mistake, and copies only what is there', () => {
  const text = readFileSync(join(DEPLOY, 'docker', 'Dockerfile'), 'utf8');
  assert.deepEqual(validate(text), []);
  const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) => names!.split(' '));
  assert.ok(copied.length > 0);
  for (const name of copied) assert.ok(existsSync(join(ROOT, name)), name);
  assert.match(text, /^USER node$/m);
});

test('the image leaves out nothing that runs', () => {
  const ignored = readFileSync(join(DEPLOY, 'docker', 'Dockerfile.dockerignore'), 'utf8')
    .trim()
    .split('\n');
  for (const needed of ['cli', 'runner', 'engine', 'providers', 'foundation', 'protocol', 'package.json'])
    assert.ok(!ignored.includes(needed), needed);
});

test('systemd takes the unit', {
  skip: spawnSync('systemd-analyze', ['--version']).error ? 'systemd-analyze is not here' : false,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-unit-'));
  try {
    const unit = readFileSync(join(DEPLOY, 'systemd', 'mainstay.service'), 'utf8');
    assert.match(unit, /^ExecStart=\/opt\/mainstay\/cli\/bin\/mainstay serve$/m);
    // Only the place is another here.
    writeFileSync(join(folder, 'mainstay.service'), unit.replaceAll('/opt/mainstay', ROOT));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', join(folder, 'mainstay.service')], {
      encoding: 'utf8',
    });
    assert.equal(`${stderr}${status}`, '0');
    // What the runner ends with on SIGTERM, which is how systemd stops it.
    assert.match(unit, /^SuccessExitStatus=143$/m);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
