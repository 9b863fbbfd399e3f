import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One executable that is compiled from Go modules. Its folder beside this file pins every module by version and hash. */
export interface ServerBuild {
  readonly name: 'kubernetes' | 'helm' | 'helm3' | 'kustomize' | 'registry' | 'gitea';
  /** What is compiled, and its version, as shown in lists. */
  readonly title: string;
  readonly version: string;
  /** The Go package; `.` is the program in the folder itself. */
  readonly package: string;
  /** The name of the executable. */
  readonly executable: string;
  readonly linkerFlags?: readonly string[];
  readonly tags?: string;
  readonly cgo?: boolean;
  /** Modules whose files are needed at run time. */
  readonly modules?: readonly string[];
}

const KUBERNETES_VERSION = 'v1.36.3';
const VERSION_PACKAGE = 'k8s.io/component-base/version';

/** Everything that `npm run servers` builds, in order of use. */
export const SERVER_BUILDS: readonly ServerBuild[] = [
  {
    name: 'kubernetes',
    title: 'etcd v3.6.8, Kubernetes v1.36.3 (API server, controller manager, scheduler), kwok v0.8.0',
    version: KUBERNETES_VERSION,
    package: '.',
    executable: 'control-plane',
    modules: ['sigs.k8s.io/kwok'],
    // Without these the API server calls itself v0.0.0 and refuses its own feature defaults.
    linkerFlags: [
      `-X ${VERSION_PACKAGE}.gitVersion=${KUBERNETES_VERSION}`,
      `-X ${VERSION_PACKAGE}.gitMajor=1`,
      `-X ${VERSION_PACKAGE}.gitMinor=36`,
      `-X ${VERSION_PACKAGE}.gitTreeState=clean`,
    ],
  },
  {
    name: 'kustomize',
    title: 'Kustomize',
    version: 'v5.8.1',
    package: 'sigs.k8s.io/kustomize/kustomize/v5',
    executable: 'kustomize',
    linkerFlags: ['-X sigs.k8s.io/kustomize/api/provenance.version=v5.8.1'],
  },
  {
    name: 'registry',
    title: 'OCI registry (crane)',
    version: 'v0.22.1',
    package: 'github.com/google/go-containerregistry/cmd/crane',
    executable: 'crane',
  },
  {
    name: 'helm',
    title: 'Helm',
    version: 'v4.3.1',
    package: 'helm.sh/helm/v4/cmd/helm',
    executable: 'helm',
    linkerFlags: [
      '-X helm.sh/helm/v4/internal/version.version=v4.3.1',
      '-X helm.sh/helm/v4/internal/version.metadata=',
    ],
  },
  {
    // Many machines still have it; the provider works with either.
    name: 'helm3',
    title: 'Helm 3',
    version: 'v3.20.2',
    package: 'helm.sh/helm/v3/cmd/helm',
    executable: 'helm',
    linkerFlags: ['-X helm.sh/helm/v3/internal/version.version=v3.20.2'],
  },
  {
    name: 'gitea',
    title: 'Gitea',
    version: 'v1.26.0',
    package: 'code.gitea.io/gitea',
    executable: 'gitea',
    tags: 'sqlite sqlite_unlock_notify',
    cgo: true,
    modules: ['code.gitea.io/gitea'],
    linkerFlags: ['-X main.Version=1.26.0'],
  },
];

/** The build called `name`. Throws for a name that is none. */
export function serverBuild(name: string): ServerBuild {
  const build = SERVER_BUILDS.find((candidate) => candidate.name === name);
  if (build) return build;
  const names = SERVER_BUILDS.map((candidate) => candidate.name).join(', ');
  throw new Error(`Cannot use the server ${name} as there is none. There are: ${names}.`);
}

/** The folder with the build's go.mod. */
export function moduleFolder(build: ServerBuild): string {
  return join(import.meta.dirname, build.name);
}

/** Names what an executable was built from: another module version, flag, platform or compiler is another key. */
export function buildKey(build: ServerBuild, goVersion: string): string {
  const hash = createHash('sha256').update(JSON.stringify([build, goVersion, process.platform, process.arch]));
  const files = build.package === '.' ? ['go.mod', 'go.sum', 'main.go'] : ['go.mod', 'go.sum'];
  for (const file of files) hash.update(readFileSync(join(moduleFolder(build), file)));
  return `${build.name}-${build.version}-${hash.digest('hex').slice(0, 12)}`;
}
