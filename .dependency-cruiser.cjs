// The import rules between the rooms (docs/design.md). A room imports only what its row there allows.
const rooms = {
  foundation: [],
  protocol: ['foundation'],
  engine: ['foundation', 'protocol'],
  providers: ['foundation', 'protocol'],
  runner: ['foundation', 'engine/automation'],
  console: ['runner/api'],
  cli: ['foundation', 'engine', 'runner/api', 'runner/local'],
  components: [],
  infra: ['components'],
};

const forbidden = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-imports-only-${allowed.length === 0 ? 'itself' : allowed.join('-')}`,
  severity: 'error',
  from: { path: `^${room}/`, pathNot: '\\.test\\.ts$' },
  to: {
    path: '^(foundation|protocol|engine|providers|runner|console|cli|components|infra|test)/',
    pathNot: `^(${[room, ...allowed].join('|')})/`,
  },
}));

module.exports = {
  forbidden: [
    ...forbidden,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'core-has-no-io',
      severity: 'error',
      from: { path: '^runner/core/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core', 'npm'], pathNot: '^(crypto|zod|node_modules/(zod|yaml|picomatch|semver))' },
    },
    {
      name: 'nobody-imports-the-wiring',
      severity: 'error',
      from: { path: '^(runner|cli|engine|providers)/', pathNot: '(\\.test\\.ts|^runner/main\\.ts)$' },
      to: { path: '^runner/(main|start-runner)\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/fixtures/|^node_modules/\\.cache)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'require', 'types'],
    },
  },
};
