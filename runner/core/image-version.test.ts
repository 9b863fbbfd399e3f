import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { imageSettings } from './image-settings.ts';
import {
  compareTags,
  counts,
  formatReference,
  type ImageRule,
  newestTag,
  parseReference,
  TAG,
  valueAfter,
} from './image-version.ts';

const repository = 'registry.example:5000/shop/web';
const rule = (more: Partial<ImageRule>): ImageRule => ({ repository, pin: 'tag', ...more });
const tag = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,12}$/);

describe('the newest tag', () => {
  it('is the highest version of the range, whatever else is there', () => {
    const tags = ['latest', '1.2.0', 'v1.10.0', '1.9.9', '2.0.0', '2.0.0-rc.1', '1.11', 'main-7', '1.10.0'];
    assert.equal(newestTag(tags, rule({ versions: '>=1.2 <2' })), '1.10.0');
    assert.equal(newestTag(tags, rule({ versions: '*' })), '2.0.0');
    assert.equal(newestTag(tags, rule({ versions: '>=2.0.0-0 <2.0.0' })), '2.0.0-rc.1');
    assert.equal(newestTag(tags, rule({ versions: '^3' })), undefined);
    assert.equal(newestTag([], rule({ versions: '*' })), undefined);
  });

  it('is the last by what the last star stands for, numbers as numbers', () => {
    const tags = ['main-9', 'main-10', 'main-', 'main', 'release-11', 'main-10-debug', 'main-08'];
    assert.equal(newestTag(tags, rule({ tags: 'main-*' })), 'main-10-debug');
    assert.equal(newestTag(tags.slice(0, 5), rule({ tags: 'main-*' })), 'main-10');
    assert.equal(
      newestTag(['main-f0-1700000002', 'main-ff-1700000001'], rule({ tags: 'main-*-*' })),
      'main-f0-1700000002',
    );
    assert.equal(newestTag(['main--5', 'main-a-4'], rule({ tags: 'main-*-*' })), 'main-a-4', 'a star is never nothing');
    assert.equal(newestTag(['4-amd64', '10-amd64', '11-arm64'], rule({ tags: '*-amd64' })), '10-amd64');
    assert.equal(newestTag(['stable', 'stable-2'], rule({ tags: 'stable', pin: 'digest' })), 'stable');
  });

  it('is one of those that count, and none that counts is newer, in whatever order they come', () => {
    const rules = fc.constantFrom(
      rule({ versions: '*' }),
      rule({ tags: '*' }),
      rule({ tags: '1.*' }),
      rule({ tags: '*-*' }),
    );
    const versions = fc.tuple(fc.nat(12), fc.nat(12), fc.nat(3)).map((numbers) => numbers.join('.'));
    fc.assert(
      fc.property(fc.array(fc.oneof(tag, versions)), rules, (tags, one) => {
        const newest = newestTag(tags, one);
        assert.equal(newest, newestTag(tags.toReversed(), one));
        const counting = tags.filter((each) => counts(each, one));
        assert.equal(newest === undefined, counting.length === 0);
        for (const each of counting) assert.ok(compareTags(each, newest!, one) <= 0, `${each} is after ${newest}`);
      }),
    );
  });

  it('is found at once in hostile tags and patterns', () => {
    const long = 'a'.repeat(127);
    assert.equal(newestTag([`${long}b`], rule({ tags: 'a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*c' })), undefined);
    assert.equal(newestTag(['../../other', 'a b', '', `${long}aaa`], rule({ tags: '*' })), undefined);
  });
});

describe('what is written', () => {
  const digest = `sha256:${'0a'.repeat(32)}`;
  const wanted = { repository, tag: '1.6.0', digest: undefined };

  it('is the reference where one was, and the tag alone where that was', () => {
    const all = rule({ versions: '*' });
    assert.equal(valueAfter(`${repository}:1.5.0`, wanted, all), `${repository}:1.6.0`);
    assert.equal(valueAfter(repository, wanted, all), `${repository}:1.6.0`);
    assert.equal(valueAfter('1.5.0', wanted, all), '1.6.0');
    assert.equal(valueAfter('', wanted, all), '1.6.0');
    assert.equal(valueAfter(`${repository}:1.5.0`, { ...wanted, digest }, all), `${repository}:1.6.0@${digest}`);
    assert.equal(valueAfter(`1.5.0@${digest}`, wanted, all), '1.6.0');
  });

  it('never goes back, but where somebody asks for it or what is there does not count', () => {
    const some = rule({ versions: '<2' });
    assert.equal(valueAfter(`${repository}:1.7.0`, wanted, some), `${repository}:1.7.0`);
    assert.equal(valueAfter(`${repository}:1.7.0`, wanted, some, true), `${repository}:1.6.0`);
    assert.equal(valueAfter(`${repository}:2.0.0`, wanted, some), `${repository}:1.6.0`);
    assert.equal(valueAfter(`${repository}:main-7`, wanted, some), `${repository}:1.6.0`);
  });

  it('is refused where another image stands, or no text', () => {
    for (const other of ['registry.example:5000/shop/website:1.5.0', 'nginx:1.27', 'docker.io/library/web'])
      assert.throws(() => valueAfter(other, wanted, rule({ versions: '*' })), /as another image is there: .*Correct/);
    for (const none of [1.5, true, 7n])
      assert.throws(() => valueAfter(none, wanted, rule({ versions: '*' })), /no text/);
  });

  it('is read back as it was', () => {
    fc.assert(
      fc.property(tag, fc.constantFrom(undefined, digest), (name, pinned) => {
        fc.pre(TAG.test(name));
        const reference = { repository, tag: name, digest: pinned };
        assert.deepEqual(parseReference(formatReference(reference)), reference);
      }),
    );
    for (const none of ['dev', 'shop/dev', repository, 'a b:1', ''])
      assert.equal(parseReference(none), undefined, none);
  });
});

describe('the settings of an image', () => {
  const mistake = (more: object) =>
    imageSettings
      .safeParse({ repository, versions: '*', ...more })
      .error?.issues.map(({ message }) => message)
      .join('; ');

  it('take a range, a pattern, or one tag by its digest', () => {
    assert.deepEqual(imageSettings.parse({ repository, versions: '>=1 <2', every: '90s' }), {
      ...{ repository, versions: '>=1 <2', pin: 'tag', every: 90_000 },
    });
    assert.equal(imageSettings.parse({ repository, tags: 'stable', pin: 'digest' }).every, 300_000);
  });

  it('say what is wrong with them', () => {
    assert.match(mistake({ repository: 'web' })!, /is no image with its registry/);
    assert.match(mistake({ repository: `${repository}:1` })!, /without a tag/);
    assert.match(mistake({ versions: 'newest' })!, /is no range of versions/);
    assert.match(mistake({ tags: 'main-*' })!, /needs versions or tags, one of them/);
    assert.match(mistake({ versions: undefined })!, /needs versions or tags, one of them/);
    assert.match(mistake({ versions: undefined, tags: 'stable' })!, /has to be digest/);
    assert.match(mistake({ versions: undefined, tags: 'a**' })!, /two \* beside each other/);
    assert.match(mistake({ every: '10' })!, /no duration/);
  });
});
