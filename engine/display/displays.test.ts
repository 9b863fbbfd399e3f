import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { type PropertyMap, type PropertyValue, Secret, Unknown } from '../../protocol/property-value.ts';
import type { EngineEvent } from '../deploy/events.ts';
import type { Registrar } from '../deploy/goal.ts';
import { goal, TestStack } from '../deploy/testing/test-stack.ts';
import { createColors } from './colors.ts';
import { createDiffDisplay } from './diff-display.ts';
import type { DisplayOptions } from './display.ts';
import { createPreviewJsonDisplay } from './json-display.ts';
import { createProgressDisplay } from './progress-display.ts';
import { ResourceRows } from './resource-rows.ts';
import { plainOptions } from './testing/display-options.ts';
import { treeLines } from './tree-text.ts';

const root = 'urn:pulumi:dev::project::pulumi:pulumi:Stack::project-dev';

/** The first and the second form of one program: everything that a display has a word for. */
function program(version: 1 | 2) {
  return async (stack: Parameters<Parameters<TestStack['up']>[0]>[0]): Promise<void> => {
    const { registrar } = stack;
    await registrar.registerResource(goal({ name: 'project-dev', type: 'pulumi:pulumi:Stack', custom: false }));
    const inRoot = { parent: root };
    const group = await stack.component('group', inRoot);
    const same = await stack.thing('same', { size: 1 }, inRoot);
    const settings = version === 1 ? { a: 1, deep: { b: 1 }, list: [1, 2] } : { a: 1, deep: { b: 2 }, list: [1, 3, 4] };
    await stack.thing(
      'updated',
      { settings, tags: version === 1 ? ['a', 'b', 'c'] : ['a', 'c'] },
      { parent: group.urn },
    );
    const hidden = new Secret(`key-${version}`);
    const replaced = await stack.thing('replaced', { hidden, replaceBy: version }, inRoot);
    if (version === 1) await stack.thing('removed', { size: 0 }, inRoot);
    else await stack.thing('added', { from: replaced.outputs.made!, text: 'two\nlines' }, inRoot);
    const outputs = { same: same.outputs.made!, replaced: replaced.outputs.made!, key: hidden };
    await registrar.registerResourceOutputs(root, version === 1 ? { ...outputs, old: 1 } : { ...outputs, fresh: 2 });
  };
}

interface Recorded {
  readonly events: readonly EngineEvent[];
}

const stackOf = async (): Promise<TestStack> => {
  const stack = new TestStack();
  await stack.up(program(1));
  return stack;
};

const options: DisplayOptions = { ...plainOptions, preview: true, title: 'Previewing update' };

type Make = (write: (text: string) => void) => { show(event: EngineEvent): void; finish(): void };

/** What a display writes for events that were recorded, with times made alike. */
function shown(
  make: Make,
  { events, ...outcome }: Recorded & { readonly changes: object; readonly result: string },
): string {
  let text = '';
  const display = make((more) => {
    text += more;
  });
  for (const event of events) display.show(event);
  const { changes, result } = outcome as never;
  display.show({
    kind: 'summary',
    preview: text.includes('Previewing'),
    maybeCorrupt: false,
    durationSeconds: 61,
    changes,
    policyPacks: {},
    result,
  });
  display.finish();
  return text.replaceAll(/\(\d+\.\d+s\)/g, '(T)');
}

const plain = createColors(false);
const progress =
  (more: Partial<DisplayOptions> = {}): Make =>
  (write) =>
    createProgressDisplay(write, plain, { ...options, ...more });
const diff =
  (more: Partial<DisplayOptions> = {}): Make =>
  (write) =>
    createDiffDisplay({ write, writeError: write }, plain, { ...options, ...more });

describe('an operation whose resources the sandbox serves', () => {
  const sandboxed = async (setting: string) => {
    const stack = await stackOf();
    const { events, ...outcome } = await stack.preview(program(2));
    const prelude = { kind: 'prelude', config: { 'mainstay:sandbox': setting } } as const;
    return { ...outcome, events: [prelude, ...events] };
  };

  it('says so on the line of every resource that it serves, and on no other', async () => {
    const lines = shown(progress(), await sandboxed('true')).split('\n');
    const own = lines.filter((line) => /^ \S+ +test:index:Thing /.test(line));
    assert.equal(own.length, 6);
    for (const line of own) assert.match(line, / \[sandbox\]$/);
    assert.equal(lines.filter((line) => line.includes('[sandbox]')).length, own.length);
    assert.doesNotMatch(shown(progress(), await sandboxed('["aws"]')), /sandbox/);
  });

  it('says so on the rows of the tree on a terminal', async () => {
    const { events } = await sandboxed('true');
    const rows = new ResourceRows({ ...options, showReplacementSteps: false }, () => 0);
    for (const event of events) rows.add(event);
    const lines = treeLines(rows.tree(), { colors: plain, preview: true, showUrns: false, ended: true, now: 0 });
    const own = lines.filter((line) => line.includes('test:index:Thing'));
    assert.equal(own.length, 4);
    for (const line of own) assert.match(line, /\[sandbox\]/);
    assert.equal(lines.filter((line) => line.includes('[sandbox]')).length, own.length);
  });

  it('says so in a detailed diff, too', async () => {
    const lines = shown(diff(), await sandboxed('true')).split('\n');
    const heads = lines.filter((line) => /test:index:Thing: \(/.test(line));
    assert.ok(heads.length >= 4);
    for (const line of heads) assert.match(line, / \[sandbox\]$/);
    assert.doesNotMatch(shown(diff(), await sandboxed('["aws"]')), /sandbox/);
  });
});

describe('the progress of an operation, line by line', () => {
  it('lists every step of a preview and what it will come to', async () => {
    const stack = await stackOf();
    assert.equal(
      shown(progress(), await stack.preview(program(2))),
      `Previewing update (dev):

 ~  test:index:Thing updated update [diff: ~settings,tags]
 ++ test:index:Thing replaced create replacement [diff: ~hidden,replaceBy]
 +- test:index:Thing replaced replace [diff: ~hidden,replaceBy]
 +  test:index:Thing added create 
 -- test:index:Thing replaced delete original 
 -  test:index:Thing removed delete 
Outputs:
  + fresh: 2
  ~ key  : [secret] => [secret]
  - old  : 1

Resources:
    + 1 to create
    ~ 1 to update
    - 1 to delete
    +-1 to replace
    4 changes. 3 unchanged

`,
    );
  });

  it('says when steps begin and end, what failed beside its step, and nothing of outputs after a failure', async () => {
    const stack = await stackOf();
    stack.cloud.failures.set('create added', { kind: 'clean' });
    const text = shown(progress({ preview: false, title: 'Updating' }), await stack.up(program(2)));
    assert.match(text, /^ ~ {2}test:index:Thing updated updating \(0s\) \[diff: ~settings,tags\]$/m);
    assert.match(text, /^ ~ {2}test:index:Thing updated updated \(T\) \[diff: ~settings,tags\]$/m);
    assert.match(text, /^ \+ {2}test:index:Thing added creating \(0s\) error: create added failed$/m);
    assert.match(text, /^ \+ {2}test:index:Thing added \*\*creating failed\*\* $/m);
    assert.match(text, /Diagnostics:\n {2}test:index:Thing \(added\):\n {4}error: create added failed\n/);
    assert.match(text, /Duration: 1m1s/);
    assert.doesNotMatch(text, /Outputs:/);
    assert.doesNotMatch(text, /key-/);
  });

  it('names resources by URN where that is asked for', async () => {
    const stack = await stackOf();
    const text = shown(progress({ showUrns: true }), await stack.preview(program(2)));
    assert.match(text, /^ \+ {2}test:index:Thing urn:pulumi:dev::project::test:index:Thing::added create $/m);
  });

  it('shows the outputs of a new stack without signs, and after an update those that stayed too', async () => {
    const stack = new TestStack();
    const first = shown(progress({ preview: false }), await stack.up(program(1)));
    assert.match(
      first,
      /Outputs:\n {4}key {5}: \[secret\]\n {4}old {5}: 1\n {4}replaced: "replaced-1"\n {4}same {4}: "same-1"\n/,
    );
    const second = shown(progress({ preview: false }), await stack.up(program(2)));
    assert.match(second, / {2}~ replaced: "replaced-1" => "replaced-2"\n {4}same {4}: "same-1"\n/);
  });

  it('shows of exported resources in a preview what changes, and not what it cannot know', async () => {
    const stack = new TestStack();
    const exporting =
      (made: PropertyValue, marks: PropertyMap, label: string) => async (one: { registrar: Registrar }) => {
        await one.registrar.registerResource(goal({ name: 'project-dev', type: 'pulumi:pulumi:Stack', custom: false }));
        const thing = { ...marks, made, deep: [{ ...marks, name: 'x' }] };
        const same = { ...marks, urn: 'u' };
        await one.registrar.registerResourceOutputs(root, { thing, same, label });
      };
    await stack.up(exporting('here', {}, 'old'));
    const mark = { '@isPulumiResource': true };
    const unchanged = shown(progress(), await stack.preview(exporting(new Unknown(), mark, 'old')));
    assert.doesNotMatch(unchanged, /isPulumiResource|made|same/);
    const changed = shown(progress(), await stack.preview(exporting('there', mark, 'new')));
    assert.match(changed, /~ label: "old" => "new"\n {2}~ thing: \{[\s\S]*~ made: "here" => "there"/);
    assert.doesNotMatch(changed, /isPulumiResource/);
    const fresh = shown(progress(), await new TestStack().preview(exporting('here', mark, 'old')));
    assert.match(fresh, /name: "x"/);
    assert.doesNotMatch(fresh, /isPulumiResource/);
  });

  it('counts nothing that is only forgotten, and shows no outputs of what is destroyed', async () => {
    const stack = await stackOf();
    await stack.up(async (one) => {
      await program(1)(one);
      await one.read('looked', 'same-1');
    });
    const text = shown(progress({ preview: false, title: 'Destroying' }), await stack.destroy());
    assert.match(text, /Resources:\n {4}- 6 deleted\n\n/);
    assert.doesNotMatch(text, /Outputs|discard/);
  });
});

describe('a delete that leaves the real resource alone', () => {
  it('says so in every form', async () => {
    const stack = new TestStack();
    await stack.up(async (one) => void (await one.thing('left', { size: 1 }, { retainOnDelete: true })));
    const preview = await stack.preview(async () => {});
    assert.match(shown(progress(), preview), /^ - {2}test:index:Thing left delete\[retain\]/m);
    assert.match(shown(diff(), preview), /test:index:Thing: \(delete\[retain\]\)/);
    const rows = new ResourceRows(plainOptions, () => 0);
    for (const event of preview.events) rows.add(event);
    const tree = treeLines(rows.tree(), {
      colors: plain,
      showUrns: false,
      preview: true,
      ended: true,
      now: 0,
      width: 100,
    } as never);
    assert.match(tree.join('\n'), /left +delete\[retain\]/);
    const done = await stack.up(async () => {});
    assert.match(shown(progress({ preview: false }), done), /^ - {2}test:index:Thing left deleted\[retain\]/m);
  });
});

describe('the differences of an operation', () => {
  it('are written with everything that is beside a change, parents first, secrets hidden', async () => {
    const stack = await stackOf();
    assert.equal(
      shown(diff(), await stack.preview(program(2))),
      `Previewing update (dev):
  pulumi:pulumi:Stack: (same)
    [urn=${root}]
    ~ test:index:Thing: (update)
        [id=updated-1]
        [urn=urn:pulumi:dev::project::test:index:Group$test:index:Thing::updated]
      ~ settings: {
            a   : 1
          ~ deep: {
              ~ b: 1 => 2
            }
          ~ list: [
                [0]: 1
              ~ [1]: 2 => 3
              + [2]: 4
            ]
        }
      ~ tags    : [
            [0]: "a"
          ~ [1]: "b" => "c"
          - [2]: "c"
        ]
    +-test:index:Thing: (replace)
        [id=replaced-1]
        [urn=urn:pulumi:dev::project::test:index:Thing::replaced]
      ~ hidden   : [secret] => [secret]
      ~ replaceBy: 1 => 2
    + test:index:Thing: (create)
        [urn=urn:pulumi:dev::project::test:index:Thing::added]
        from: [unknown]
        text: "two\\nlines"
    - test:index:Thing: (delete)
        [id=removed-1]
        [urn=urn:pulumi:dev::project::test:index:Thing::removed]
        size: 0
    --outputs:--
  + fresh: 2
  ~ key  : [secret] => [secret]
  - old  : 1
Resources:
    + 1 to create
    ~ 1 to update
    - 1 to delete
    +-1 to replace
    4 changes. 3 unchanged

`,
    );
  });

  it('show what texts hold, and texts line by line', async () => {
    const stack = new TestStack();
    const policy = (actions: readonly string[]) => JSON.stringify({ Action: actions, Effect: 'Allow' });
    await stack.up((p) => p.thing('a', { policy: policy(['get']), text: 'one\ntwo\nthree\n', yaml: 'a: 1\nb: [x]\n' }));
    const next = {
      policy: policy(['get', 'put']),
      text: 'one\n2\u001b[2J\nthree\nfour\n',
      yaml: 'a: 2\nb: [x]\n',
    };
    const text = shown(diff(), await stack.preview((p) => p.thing('a', next)));
    assert.equal(
      text.slice(text.indexOf('  ~ policy'), text.indexOf('Resources:')),
      `  ~ policy: (json) {
      ~ Action: [
            [0]: "get"
          + [1]: "put"
        ]
        Effect: "Allow"
    }
  ~ text  : 
        one
      - two
      + 2\\u001b[2J
        three
      + four
  ~ yaml  : (yaml) {
      ~ a: 1 => 2
        b: [
            [0]: "x"
        ]
    }
`,
    );
  });

  it('list every part of a replacement where that is asked for, and secrets too', async () => {
    const stack = await stackOf();
    const text = shown(diff({ showReplacementSteps: true, showSecrets: true }), await stack.preview(program(2)));
    assert.match(text, /\+\+test:index:Thing: \(create-replacement\)/);
    assert.match(text, /--test:index:Thing: \(delete-replaced\)/);
    assert.match(text, /~ hidden {3}: "key-1" => "key-2"/);
  });

  it('of a refresh are shown when it has found them', async () => {
    const stack = await stackOf();
    const thing = stack.cloud.things.get('same-1')!;
    thing.inputs = { size: 9 };
    stack.cloud.things.delete('removed-1');
    const refreshed = await stack.refresh();
    assert.match(shown(progress({ preview: false }), refreshed), /^ ~ {2}test:index:Thing same updated \(T\)/m);
    const text = shown(diff({ preview: false, title: 'Refreshing' }), refreshed);
    assert.match(
      text,
      /test:index:Thing: \((refresh|update)\)\n +\[id=same-1\]\n +\[urn=[^\]]*\]\n +made: "same-1"\n +~ size: 1 => 9\n/,
    );
    assert.match(text, /^ {2}pulumi:pulumi:Stack: \(same\)$/m);
    assert.doesNotMatch(text, /updated-1/, 'what has not changed is not listed');
  });
});

describe('a preview as JSON', () => {
  it('lists what is listed for people: a replacement once, no sames but the stack', async () => {
    const stack = await stackOf();
    const json = (write: (text: string) => void) =>
      createPreviewJsonDisplay(write, {
        showSecrets: false,
        colors: plain,
        showSames: false,
        showReplacementSteps: false,
      });
    const text = shown(json, await stack.preview(program(2)));
    const { steps, changeSummary, config } = JSON.parse(text) as {
      readonly steps: readonly { readonly op: string; readonly urn: string }[];
      readonly changeSummary: object;
      readonly config?: object;
    };
    assert.deepEqual(
      steps.map(({ op, urn }) => `${op} ${urn.split('::').at(-1)}`),
      ['same project-dev', 'update updated', 'replace replaced', 'create added', 'delete removed'],
    );
    assert.deepEqual(changeSummary, { create: 1, delete: 1, replace: 1, same: 3, update: 1 });
    assert.equal(config, undefined);
    assert.doesNotMatch(text, /key-[12]/);
  });

  it('has messages without the colours that a program gave them', async () => {
    let text = '';
    const write = (more: string) => {
      text += more;
    };
    const display = createPreviewJsonDisplay(write, {
      showSecrets: false,
      colors: plain,
      showSames: false,
      showReplacementSteps: false,
    });
    const message = '\u001b[31mError:\u001b[39m it broke';
    display.show({ kind: 'diagnostic', diagnostic: { severity: 'error', message, urn: '' } });
    display.finish();
    const { diagnostics } = JSON.parse(text) as { readonly diagnostics: readonly { readonly message: string }[] };
    assert.equal(diagnostics[0]?.message, 'error: Error: it broke\n');
  });
});

describe('colours', () => {
  it('change nothing but the colour', async () => {
    const stack = await stackOf();
    const outcome = await stack.preview(program(2));
    const coloured = shown((write) => createProgressDisplay(write, createColors(true), options), outcome);
    assert.ok(coloured.includes('\u001b[38;5;2mcreate\u001b[0m'));
    assert.equal(stripVTControlCharacters(coloured), shown(progress(), outcome));
  });
});
