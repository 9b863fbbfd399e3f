import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { typeCheckProgram } from './type-check-program.ts';

const directory = mkdtempSync(join(tmpdir(), 'types-'));
after(() => rmSync(directory, { recursive: true, force: true }));

it('says every type error of a program with its place, and nothing without a tsconfig', async () => {
  const check = () => typeCheckProgram({ programDirectory: directory, runtimeOptions: {} });
  writeFileSync(join(directory, 'index.ts'), 'export const a = 1;\nexport const b: string = a;\n');
  assert.equal(await check(), undefined);
  writeFileSync(
    join(directory, 'tsconfig.json'),
    '{ "compilerOptions": { "strict": true, "types": [] }, "include": ["index.ts"] }',
  );
  const problems = [
    {
      file: join(directory, 'index.ts'),
      line: 2,
      column: 14,
      code: 'TS2322',
      message: "Type 'number' is not assignable to type 'string'.",
    },
  ];
  assert.deepEqual(await check(), problems);
  assert.deepEqual(await check(), problems);
  writeFileSync(join(directory, 'index.ts'), 'export const a = 1;\n');
  assert.deepEqual(await check(), []);
  const limited = typeCheckProgram({
    ...{ programDirectory: directory, runtimeOptions: {} },
    limits: { memory: 1024, output: 1024 },
  });
  await assert.rejects(limited, /the compiler holds more memory than it may/);
});
