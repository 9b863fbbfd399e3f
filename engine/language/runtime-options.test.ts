import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseRuntimeOptions, splitArguments } from './runtime-options.ts';

it('splits arguments as a shell does, and refuses an open quote', () => {
  assert.deepEqual(splitArguments(''), []);
  assert.deepEqual(splitArguments(' --a  --b=1 '), ['--a', '--b=1']);
  assert.deepEqual(splitArguments(`--a="x y" 'it''s' c\\ d "e\\"f"`), ['--a=x y', 'its', 'c d', 'e"f']);
  for (const text of ['"a', 'a "b" \'c', '--x="'])
    assert.throws(() => splitArguments(text), /Cannot use runtime\.options\.nodeargs .* quotes are closed/);
});

it('has the defaults of the official host and refuses options of another kind', () => {
  assert.deepEqual(parseRuntimeOptions({}), { typescript: true, tsconfig: undefined, nodeArguments: [] });
  for (const options of [{ typescript: 'yes' }, { tsconfig: 1 }, { nodeargs: [] }, { packagemanager: 'cargo' }])
    assert.throws(
      () => parseRuntimeOptions(options),
      new RegExp(`runtime\\.options\\.${Object.keys(options)[0]} of Pulumi`),
    );
});
