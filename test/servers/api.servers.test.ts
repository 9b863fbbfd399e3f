import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type ApiServer, startApiServer } from '../api-server.ts';
import { fillEstate } from '../console-fixture.ts';
import { ensureSchemathesis } from './schemathesis.ts';

let server: ApiServer;

before(async () => {
  server = await startApiServer();
  await fillEstate(server);
  await server.accounts.add({ id: 'ada', name: 'Ada', grants: [{ role: 'owner' }] });
});

after(() => server.close());

/** What schemathesis judges by. Not `ignored_auth`: the session cookie is one of two ways, and the other one is what it takes away. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
];

test('answers whatever schemathesis makes of the OpenAPI document as the document says', async (context) => {
  const python = await ensureSchemathesis();
  // It keeps what it found in a folder of where it runs.
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-schemathesis-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const options = [
    ...['--header', `Authorization: Bearer ${server.token}`, '--checks', CHECKS.join(',')],
    ...[
      '--max-examples',
      '6',
      '--seed',
      '7206',
      '--phases',
      'examples,coverage,fuzzing',
      '--workers',
      '1',
      '--no-color',
    ],
    // Ids in an address have patterns that most random texts do not fit.
    ...['--suppress-health-check', 'filter_too_much'],
    // A stream of a run that goes on has no end.
    ...['--exclude-operation-id', 'runEvents', '--request-timeout', '20'],
  ];
  const { code, output } = await promisify(execFile)(
    python,
    ['-m', 'schemathesis.cli', 'run', `${server.url}/api/openapi.json`, ...options],
    { cwd: folder, env: { ...process.env, PYTHONUTF8: '1' }, maxBuffer: 64 * 1024 * 1024, timeout: 240_000 },
  ).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stdout + error.stderr,
    }),
  );
  assert.equal(code, 0, output.slice(-12_000));
  assert.match(output, /[1-9]\d* (test cases|generated)/i, output.slice(-2000));
});
