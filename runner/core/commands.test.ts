import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { COMMANDS, commandIn } from './commands.ts';

test('finds the first line that is a command, with its argument', () => {
  const rows: readonly (readonly [string, unknown])[] = [
    ['/preview', { name: 'preview', argument: '' }],
    ['looks good\r\n/approve  as we spoke about it \nbye', { name: 'approve', argument: 'as we spoke about it' }],
    ['/preview 1a2b3c4d\n/cancel', { name: 'preview', argument: '1a2b3c4d' }],
    ['/mainstay approve as agreed', { name: 'approve', argument: 'as agreed' }],
    ['/reject not before the audit', { name: 'reject', argument: 'not before the audit' }],
    ['/mainstay', undefined],
    ['> /cancel', undefined],
    ['```\n/cancel\n```', undefined],
    ['```\n/cancel\n```\n/help', { name: 'help', argument: '' }],
    ['please /cancel', undefined],
    ['    /cancel', undefined],
    ['/constructor', undefined],
    ['/previews', undefined],
    ['/Preview', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of rows) assert.deepEqual(commandIn(text), expected, text);
});

test('finds a command only in a line that begins with one, whatever people write', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (lines) => {
      const text = lines.join('\n');
      const command = commandIn(text);
      if (command === undefined) return;
      assert.ok(Object.hasOwn(COMMANDS, command.name));
      assert.match(text, new RegExp(`^ {0,3}/(mainstay[ \\t]+)?${command.name}`, 'm'));
    }),
  );
});
