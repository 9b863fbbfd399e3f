import { glob, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemCode, userError } from '../../../foundation/errors.ts';
import { isFields, type KubeObject } from '../object.ts';
import { type ComponentInputs, fetchText } from './component-inputs.ts';
import { type RenderContext, renderChart } from './helm-template.ts';
import { buildKustomization } from './kustomize-build.ts';
import { parseManifest } from './parse-manifest.ts';

/** Where the objects of a component come from. */
export interface ComponentKind {
  /** The objects that the inputs stand for. `name` is the component's. */
  render(inputs: ComponentInputs, name: string, context: RenderContext): Promise<readonly KubeObject[]>;
  /** The namespace of objects that name none; undefined: the provider's. */
  namespace(inputs: ComponentInputs): string | undefined;
}

const withoutNamespace = () => undefined;

/** The remote components of the SDK, by type. */
export const COMPONENTS: Readonly<Record<string, ComponentKind>> = {
  'kubernetes:yaml/v2:ConfigFile': {
    render: (inputs, _name, context) => readFiles([inputs.requiredText('file')], context),
    namespace: withoutNamespace,
  },
  'kubernetes:yaml/v2:ConfigGroup': { render: renderGroup, namespace: withoutNamespace },
  'kubernetes:kustomize/v2:Directory': {
    render: (inputs, _name, context) =>
      buildKustomization(inputs.requiredText('directory'), context, { withHelm: true, anyFolder: true }),
    namespace: (inputs) => inputs.text('namespace'),
  },
  'kubernetes:helm.sh/v4:Chart': { render: renderHelmChart, namespace: (inputs) => inputs.text('namespace') },
};

async function renderGroup(
  inputs: ComponentInputs,
  _name: string,
  context: RenderContext,
): Promise<readonly KubeObject[]> {
  const fromFiles = await readFiles(inputs.texts('files'), context);
  const fromTexts = inputs.texts('yaml').flatMap((text) => parseManifest(text, 'the argument yaml'));
  const fromObjects = inputs.items('objs').map((object) => {
    if (isFields(object)) return object;
    throw userError(
      `Cannot make a ConfigGroup as an item of its argument objs is no object: ${JSON.stringify(object)}.`,
    );
  });
  return [...fromObjects, ...fromFiles, ...fromTexts];
}

/** Paths, patterns and addresses of manifests, in this order; the matches of a pattern by name. */
async function readFiles(files: readonly string[], context: RenderContext): Promise<readonly KubeObject[]> {
  const objects: KubeObject[] = [];
  for (const file of files) {
    if (/^https?:\/\//.test(file)) objects.push(...parseManifest(await fetchText(file), file));
    else
      for (const path of await expandPattern(file, context))
        objects.push(...parseManifest(await readManifest(path, context), path));
  }
  return objects;
}

async function expandPattern(file: string, { workingDirectory }: RenderContext): Promise<readonly string[]> {
  const path = file.replace(/^file:\/\//, '');
  if (!/(?:^|[^\\])[*?[]/.test(path)) return [path];
  const found: string[] = [];
  for await (const match of glob(path, { cwd: workingDirectory })) found.push(match);
  if (found.length === 0)
    throw userError(
      `Cannot read manifests as no file matches the pattern: ${file} (from ${workingDirectory}). Correct it.`,
    );
  return found.sort();
}

async function readManifest(path: string, { workingDirectory }: RenderContext): Promise<string> {
  const full = resolve(workingDirectory, path);
  try {
    return await readFile(full, 'utf8');
  } catch (error) {
    const why = systemCode(error) === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw userError(`Cannot read the manifest as ${why}: ${full}. Correct the path.`);
  }
}

async function renderHelmChart(
  inputs: ComponentInputs,
  name: string,
  context: RenderContext,
): Promise<readonly KubeObject[]> {
  const { cluster } = context;
  const repository = inputs.inner('repositoryOpts');
  const renderer = inputs.inner('postRenderer');
  return renderChart(
    {
      releaseName: inputs.text('name') ?? name,
      namespace: inputs.text('namespace') ?? cluster.defaultNamespace,
      chart: inputs.requiredText('chart'),
      version: inputs.text('version'),
      devel: inputs.flag('devel'),
      repo: repository.text('repo'),
      username: repository.text('username'),
      password: repository.text('password'),
      caFile: repository.path('caFile'),
      certFile: repository.path('certFile'),
      keyFile: repository.path('keyFile'),
      keyring: inputs.path('keyring'),
      verify: inputs.flag('verify'),
      plainHttp: inputs.flag('plainHttp'),
      dependencyUpdate: inputs.flag('dependencyUpdate'),
      values: inputs.fields('values'),
      valueFiles: await inputs.contents('valueYamlFiles'),
      includeCrds: !inputs.flag('skipCrds'),
      // Hooks have no meaning in a declarative stack; rendered to files they are for whoever applies these.
      includeHooks: inputs.flag('includeHooks') && cluster.configuration.renderYamlToDirectory !== undefined,
      includeTests: false,
      postRenderer: inputs.has('postRenderer')
        ? { command: renderer.requiredText('command'), args: renderer.texts('args') }
        : undefined,
    },
    context,
  );
}
