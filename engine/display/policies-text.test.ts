import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createColors } from './colors.ts';
import {
  policyLines,
  policyPackTable,
  type Remediation,
  remediationAmongSteps,
  type Violation,
  violationAmongSteps,
} from './policies-text.ts';

const colors = createColors(false);
const style = { colors, showUrns: false, showRemediations: false };
const urn = (name: string) => `urn:pulumi:dev::demo::aws:s3/bucket:Bucket::${name}`;
const pack = { policyPackName: 'house', policyPackVersion: '0.0.1' };
const violation = (enforcementLevel: Violation['enforcementLevel'], policyName: string, name: string): Violation => ({
  ...{ kind: 'policy-violation', ...pack, policyName, enforcementLevel },
  urn: name === '' ? '' : urn(name),
  message: 'this is\nnot good\n',
});
const remediation = (name: string): Remediation => ({
  ...{ kind: 'policy-remediation', ...pack, policyName: 'fix', urn: urn(name) },
  before: { size: 1, gone: true },
  after: { size: 2, tag: 'set' },
});
const packs = { 'house|local|../house': '0.0.1', 'garden|local|./garden': '1.2.0' };

test('every pack that ran is listed with its place, also those that found nothing', () => {
  assert.deepEqual(policyLines({ packs, violations: [], remediations: [] }, style), [
    'Policies:',
    '    ✅ garden@v1.2.0 (local: ./garden)',
    '    ✅ house@v0.0.1 (local: ../house)',
    '',
  ]);
  assert.deepEqual(policyLines({ packs: {}, violations: [], remediations: [] }, style), []);
});

test('below a pack stand what it changed and what it found, what forbids first', () => {
  const violations = [
    violation('advisory', 'b', 'x'),
    violation('mandatory', 'c', ''),
    violation('advisory', 'a', 'y'),
  ];
  const remediations = [remediation('x'), remediation('y')];
  const lines = policyLines({ packs, violations, remediations }, style);
  assert.deepEqual(lines.slice(2), [
    '    ❌ house@v0.0.1 (local: ../house)',
    '        - [remediate]  fix  (2 resources)',
    '        - [mandatory]  c',
    '          this is',
    '          not good',
    '        - [advisory]  a  (aws:s3:Bucket: y)',
    '          this is',
    '          not good',
    '        - [advisory]  b  (aws:s3:Bucket: x)',
    '          this is',
    '          not good',
    '',
  ]);
  const warned = policyLines({ packs, violations: violations.slice(0, 1), remediations: [] }, style);
  assert.equal(warned[2], '    ⚠️ house@v0.0.1 (local: ../house)');
});

test('remediations are shown one by one where that is asked for', () => {
  const lines = policyLines(
    { packs, violations: [], remediations: [remediation('x')] },
    { ...style, showRemediations: true },
  );
  assert.equal(lines[3], '        - [remediate]  fix  (aws:s3:Bucket: x) [diff: +tag-gone~size]');
});

test('a detailed diff has them among its steps, and a table of the packs at its end', () => {
  assert.deepEqual(violationAmongSteps(violation('mandatory', 'c', 'x'), style), [
    '    house@v0.0.1 [mandatory]  c  (aws:s3:Bucket: x)',
    '        this is',
    '        not good',
  ]);
  const all = { ...style, showSecrets: false, full: true };
  assert.match(remediationAmongSteps(remediation('x'), all).join('\n'), /\[remediate\] {2}fix[\s\S]*~ size: 1 => 2/);
  assert.deepEqual(policyPackTable(packs, colors), [
    'Policy Packs run:',
    '    Name    Version',
    '    house   0.0.1',
    '    garden  1.2.0',
    '',
  ]);
});
