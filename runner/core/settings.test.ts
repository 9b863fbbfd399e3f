import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSettings, type Settings } from './settings.ts';

const stack = (name: string) => ({
  id: `shop/${name}`,
  name,
  file: `Pulumi.${name}.yaml`,
  project: {
    name: 'shop',
    folder: '',
    file: 'Pulumi.yaml',
    main: '',
    runtime: 'nodejs',
    stackFolder: '',
    optionFiles: [],
  },
});
const STACKS = ['dev', 'staging', 'prod'].map(stack);

test('says the place and the reason of every mistake', () => {
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    [
      'previewEnvironments: [{stack: dve}]\n',
      /:1:31 previewEnvironments\.0\.stack names no stack: dve is unknown\. Did you mean dev\?/,
    ],
    ['previewEnvironments: [{stack: dev, name: pr}]\n', /previewEnvironments\.0\.name "pr" is no name of letters/],
    ['previewEnvironments: [{stack: dev, name: "pr-${branch}"}]\n', /\.name "pr-\$\{branch\}" is no name of letters/],
    [
      'previewEnvironments:\n  - stack: dev\n    config: {shop:host: "${head}.x"}\n',
      /:3:13 previewEnvironments\.0\.config has \$\{head\}, which there is not: there is \$\{change\}, /,
    ],
    [
      'previewEnvironments: [{stack: dev, config: {host: x}}]\n',
      /config\.host .*is no name of a setting, as in shop:host/,
    ],
    [
      'previewEnvironments: [{stack: dev, for: everyone}]\n',
      /for "everyone" is unknown\. There is: affected, all, asked/,
    ],
    [
      'previewEnvironments: [{stack: dev}, {stack: prod}]\n',
      /previewEnvironments\.1\.name pr-\$\{change\} is the name of those of dev too/,
    ],
    ['environments: [', /mainstay\.yaml is no YAML:\nmainstay\.yaml:1:\d+ /],
    ['a: 1\na: 2\n', /mainstay\.yaml:2:1 Map keys must be unique/],
    [
      'environments:\n  - name: dev\n    stack: [dev]\n',
      /:3:5 environments\.0\.stack is unknown\. Did you mean stacks\?/,
    ],
    ['environments:\n  - name: dev\n    stacks: []\n', /mainstay\.yaml:3:13 environments\.0\.stacks/],
    ['environments: 5\n', /mainstay\.yaml:1:15 environments Invalid input: expected array/],
    ['- 1\n', /mainstay\.yaml:1:1 the file Invalid input: expected object/],
    ['drift: report\n', /mainstay\.yaml:1:8 drift "report" Invalid input: expected object/],
    ['drift: {mode: reprot}\n', /:1:15 drift\.mode "reprot" is unknown\. Did you mean report\?/],
    ['drift: {every: 5 minutes}\n', /:1:16 drift\.every "5 minutes" is no duration: write it as 90s, 30m, 1h30m or 2d/],
    ['drift: {every: 0s}\n', /drift\.every "0s" has to be between 1s and 366d/],
    [
      'drift: {ignore: [{resource: web}]}\n',
      /:1:18 drift\.ignore\.0\.owner is missing\n.*drift\.ignore\.0\.until is missing/,
    ],
    ['timeZone: Europe/Zürich\n', /timeZone "Europe\/Zürich" is no time zone/],
    ['freezes: [{from: 2026-02-30, to: 2026-03-01}]\n', /freezes\.0\.from "2026-02-30" is no day of the calendar/],
    ['freezes: [{from: 2026-03-02, to: 2026-03-01}]\n', /freezes\.0\.to "2026-03-01" ends before it begins/],
    [
      'environments:\n  - {name: a, stacks: [dev], windows: [{from: "9:00"}]}\n',
      /windows\.0\.from "9:00" is no time of day/,
    ],
    [
      'environments:\n  - {name: a, stacks: [dev], verify: [{kind: htpp}]}\n',
      /verify\.0\.kind "htpp" is unknown\. Did you mean http\?/,
    ],
    [
      'environments:\n  - {name: a, stacks: [dev], verify: [{url: "http://x"}]}\n',
      /verify\.0\.kind is missing\. There is: command, http/,
    ],
    [
      'environments:\n  - {name: a, stacks: [dev]}\n  - {name: b, stacks: [dev]}\n',
      /:3:24 environments\.1\.stacks\.0 dev is in two environments: a and b/,
    ],
    ['environments:\n  - {name: a, stacks: [dve]}\n', /stacks\.0 names no stack: dve is unknown\. Did you mean dev\?/],
    ['stacks:\n  sumo: {}\n', /:2:3 stacks\.sumo names no stack: sumo is unknown\. There is: dev, prod/],
    [
      'environments:\n  - {name: a, stacks: [dev], approval: {owners: ["@platfrom"]}}\nteams: {platform: [ada]}\n',
      /owners\.0 @platfrom is unknown\. Did you mean @platform\?/,
    ],
    ['promotions: [{name: web, path: [dev], values: [a]}]\n', /promotions\.0\.path/],
  ];
  for (const [text, message] of cases)
    assert.throws(() => parseSettings('mainstay.yaml', text, STACKS), { kind: 'user', message }, text);
});

test('names all mistakes at once, in the order of the file', () => {
  const text = 'timeZone: Mars\nenviroments: []\ndrift:\n  mode: on\n  limits: {changes: 0}\n';
  assert.throws(
    () => parseSettings('mainstay.yaml', text),
    (error: Error) => {
      const places = [...error.message.matchAll(/^mainstay\.yaml:(\d+):(\d+) (\S+)/gm)].map((match) =>
        match.slice(1).join(' '),
      );
      assert.deepEqual(places, ['1 11 timeZone', '2 1 enviroments', '4 9 drift.mode', '5 21 drift.limits.changes']);
      return true;
    },
  );
});

test('takes an empty file for no settings', () => {
  const settings: Settings = parseSettings('mainstay.yaml', '');
  assert.deepEqual(
    [settings.environments, settings.stacks, settings.drift.mode, settings.timeZone],
    [[], {}, 'report', 'UTC'],
  );
});

test('reads gates with durations in milliseconds and every default', () => {
  const text = `environments:
  - name: prod
    stacks: [prod]
    approval: { count: 2, owners: [ada, "@platform"], notAuthor: true }
    soak: 1h30m
    windows: [{ days: [mon, fri], from: "09:00", to: "17:00", timeZone: Europe/Zurich }]
    verify: [{ kind: http, url: "https://shop.example/healthz", for: 30s }]
    onFailure: revert
teams: { platform: [grace] }
`;
  const [prod] = parseSettings('mainstay.yaml', text, STACKS).environments;
  assert.equal(prod!.soak, 5_400_000);
  assert.deepEqual(prod!.approval, { count: 2, owners: ['ada', '@platform'], codeowners: false, notAuthor: true });
  assert.deepEqual(prod!.verify, [
    { kind: 'http', url: 'https://shop.example/healthz', status: 200, for: 30_000, every: 5000, timeout: 120_000 },
  ]);
  assert.deepEqual([prod!.onFailure, prod!.freezes], ['revert', []]);
});
