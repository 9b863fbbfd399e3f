import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readImportFile, resolveImports } from './import-file.ts';

describe('an import file', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-import-file-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const resolve = async (content: unknown) => {
    const file = join(folder, 'import.json');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return resolveImports(await readImportFile(file), { project: 'demo', stack: 'dev' });
  };
  const urn = (types: string, name: string) => `urn:pulumi:dev::demo::${types}::${name}`;

  test('names parents and providers in any order, of the file and of its table', async () => {
    const found = await resolve({
      nameTable: { there: urn('my:index:Group', 'g') },
      resources: [
        { type: 'a:b:C', name: 'deepest', id: '1', parent: 'inner', provider: 'own' },
        { type: 'my:index:Inner', name: 'inner', component: true, parent: 'outer' },
        { type: 'my:index:Outer', name: 'outer', logicalName: 'real', component: true, parent: 'there' },
        { type: 'pulumi:providers:a', name: 'own', inputs: { region: 'x' } },
        { type: 'a:b:C', logicalName: 'alone', id: '2' },
      ],
    });
    const [deepest, inner, outer, own, alone] = found;
    assert.equal(outer!.urn, urn('my:index:Group$my:index:Outer', 'real'));
    assert.equal(inner!.parent, outer!.urn);
    assert.equal(deepest!.urn, urn('my:index:Group$my:index:Outer$my:index:Inner$a:b:C', 'deepest'));
    assert.deepEqual([deepest!.provider, own!.urn], [own!.urn, urn('pulumi:providers:a', 'own')]);
    assert.deepEqual([alone!.urn, alone!.spec.name], [urn('a:b:C', 'alone'), 'alone']);
  });

  const thing = { type: 'a:b:C', name: 'n', id: 'x' };
  const group = { type: 'a:b:G', name: 'g', component: true };
  const cases: readonly (readonly [title: string, resources: readonly object[], message: RegExp])[] = [
    ['a component with an id', [{ ...group, id: 'x' }], /'g' of type 'a:b:G' has an ID, but is marked as a component/],
    ['a resource without an id', [{ ...thing, id: '' }], /'n' of type 'a:b:C' has no ID/],
    [
      'a resource without a type, and one without a name',
      [
        { name: 'q', id: '1' },
        { type: 'a:b:C', id: '2' },
      ],
      /'q' has no type\nresource '2' of type 'a:b:C' has no name/,
    ],
    ['what is no type', [{ ...thing, type: 'aws' }], /has a type that is not of the form <package>:<module>:<type>/],
    [
      'a provider with an id',
      [{ type: 'pulumi:providers:a', name: 'p', id: '1' }],
      /is a provider, which is created rather than read/,
    ],
    [
      'something remote that is no component',
      [{ ...thing, remote: true }],
      /is marked as remote, but not as a component/,
    ],
    ['two of one URN', [thing, thing], /has an ambiguous URN, set name/],
    [
      'a name that is nobody’s',
      [{ ...thing, parent: 'nobody' }],
      /the parent 'nobody' for resource 'n' of type 'a:b:C' has no entry/,
    ],
    [
      'a name of several',
      [{ ...thing, parent: 'g' }, group, { ...group, type: 'a:b:H' }],
      /'n' of type 'a:b:C' has an ambiguous parent/,
    ],
    [
      'a provider that is none',
      [{ ...thing, provider: 'g' }, group],
      /the provider 'g' for resource 'n' of type 'a:b:C' is not a provider/,
    ],
    [
      'resources below each other',
      [
        { ...group, parent: 'h' },
        { ...group, name: 'h', parent: 'g' },
      ],
      /is below itself/,
    ],
    [
      'a key that nobody knows',
      [{ ...thing, parnet: 'g' }],
      /import\.json Cannot use the import file at resources\.0\.parnet: Unrecognized key/,
    ],
    ['a value of another kind', [{ ...thing, properties: 'all' }], /at resources\.0\.properties: .*expected array/],
    [
      'what the engine does not have',
      [{ ...thing, extension: { name: 'e' } }],
      /resources\.0\.extension: the embedded engine has no extension parameterization/,
    ],
  ];
  for (const [title, resources, message] of cases)
    test(`is refused with ${title}`, () => assert.rejects(resolve({ resources }), message));

  test('is refused where it is no JSON, and where it has settings of providers in the superseded place', async () => {
    await assert.rejects(resolve('{'), /import\.json Cannot read the import file: .*JSON/);
    await assert.rejects(resolve({ resources: [], providerInputs: {} }), /declare the provider among the resources/);
    await assert.rejects(resolve({}), /at resources: /);
  });
});
