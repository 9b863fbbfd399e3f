import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Opening, openStateAt } from './window.ts';
import { freezeSettings, WEEKDAYS, windowSettings } from './window-settings.ts';
import { instantOf, localTimeOf } from './zoned-time.ts';

const MINUTE = 60_000;
const at = (text: string) => Date.parse(text);
const opening = (parts: { windows?: readonly object[]; freezes?: readonly object[]; timeZone?: string }): Opening => ({
  windows: (parts.windows ?? []).map((window) => windowSettings.parse(window)),
  freezes: (parts.freezes ?? []).map((freeze) => freezeSettings.parse(freeze)),
  timeZone: parts.timeZone ?? 'Europe/Zurich',
});
const OFFICE = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '17:00' };

test('is always open without windows and freezes', () => {
  assert.deepEqual(openStateAt(at('2026-11-21T03:00:00Z'), opening({})), { open: true });
});

test('opens at the next window by the clocks of its zone', () => {
  const cases: readonly (readonly [now: string, zone: string, opens: string | 'open'])[] = [
    ['2026-11-20T08:00:00Z', 'Europe/Zurich', 'open'],
    ['2026-11-20T07:59:00Z', 'Europe/Zurich', '2026-11-20T08:00:00Z'],
    ['2026-11-20T16:00:00Z', 'Europe/Zurich', '2026-11-23T08:00:00Z'],
    ['2026-07-10T15:00:00Z', 'Europe/Zurich', '2026-07-13T07:00:00Z'],
    ['2026-11-20T08:00:00Z', 'America/New_York', '2026-11-20T14:00:00Z'],
    ['2026-11-22T23:00:00Z', 'Pacific/Auckland', 'open'],
  ];
  for (const [now, timeZone, opens] of cases) {
    const state = openStateAt(at(now), opening({ windows: [OFFICE], timeZone }));
    if (opens === 'open') assert.ok(state.open, now);
    else assert.deepEqual(state, { open: false, opensAt: at(opens), why: 'outside of its windows' }, now);
  }
});

test('lets a window go over midnight, on the day that it begins on', () => {
  const night = opening({ windows: [{ days: ['fri'], from: '22:00', to: '04:00' }], timeZone: 'UTC' });
  assert.ok(openStateAt(at('2026-11-21T03:59:00Z'), night).open);
  assert.ok(!openStateAt(at('2026-11-21T04:00:00Z'), night).open);
  assert.ok(!openStateAt(at('2026-11-20T03:00:00Z'), night).open);
});

test('keeps its hours where clocks change', () => {
  const early = opening({ windows: [{ from: '02:30', to: '04:00' }] });
  // On 2026-03-29 clocks go from 02:00 to 03:00, on 2026-10-25 from 03:00 back to 02:00.
  assert.ok(openStateAt(at('2026-03-29T01:30:00Z'), early).open);
  assert.ok(!openStateAt(at('2026-03-29T02:00:00Z'), early).open);
  assert.ok(openStateAt(at('2026-10-25T00:30:00Z'), early).open);
  assert.ok(openStateAt(at('2026-10-25T01:31:00Z'), early).open, 'the hour that is there twice');
});

test('a freeze beats every window, and its end opens at the next one', () => {
  const settings = opening({
    windows: [OFFICE],
    freezes: [{ from: '2026-12-20', to: '2027-01-03', reason: 'Christmas' }],
  });
  assert.deepEqual(openStateAt(at('2026-12-22T10:00:00Z'), settings), {
    open: false,
    opensAt: at('2027-01-04T08:00:00Z'),
    why: 'frozen until 2027-01-03 (Christmas)',
  });
});

test('a freeze begins and ends by the clocks of its zone on days that have 23 and 25 hours', () => {
  const cases: readonly (readonly [freeze: object, from: string, to: string])[] = [
    [{ from: '2026-03-29', to: '2026-03-29' }, '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
    [{ from: '2026-10-25', to: '2026-10-25' }, '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
    // 02:30 is there twice in autumn, and the first one counts; in spring it is not there, and comes after the change.
    [{ from: '2026-10-25T02:30', to: '2026-10-25T04:00' }, '2026-10-25T00:30:00Z', '2026-10-25T03:00:00Z'],
    [{ from: '2026-03-29T02:30', to: '2026-03-29T04:00' }, '2026-03-29T01:30:00Z', '2026-03-29T02:00:00Z'],
    [
      { from: '2026-03-07T12:00', to: '2026-03-08T12:00', timeZone: 'America/New_York' },
      ...(['2026-03-07T17:00:00Z', '2026-03-08T16:00:00Z'] as const),
    ],
  ];
  for (const [freeze, from, to] of cases) {
    const settings = opening({ freezes: [freeze] });
    assert.ok(openStateAt(at(from) - MINUTE, settings).open, `before ${from}`);
    const frozen = openStateAt(at(from), settings);
    assert.ok(!frozen.open && frozen.opensAt === at(to), `${from}: ${JSON.stringify(frozen)}`);
    assert.ok(!openStateAt(at(to) - MINUTE, settings).open, `until ${to}`);
    assert.ok(openStateAt(at(to), settings).open, `from ${to}`);
  }
});

test('says that it never opens where freezes cover a year', () => {
  const state = openStateAt(
    at('2026-12-22T10:00:00Z'),
    opening({ freezes: [{ from: '2026-01-01', to: '2028-01-01' }] }),
  );
  assert.deepEqual(state, { open: false, opensAt: undefined, why: 'frozen until 2028-01-01' });
});

const zones = fc.constantFrom(
  'UTC',
  'Europe/Zurich',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
);
const instants = fc
  .integer({ min: at('2024-01-01T00:00:00Z') / MINUTE, max: at('2030-01-01T00:00:00Z') / MINUTE })
  .map((minute) => minute * MINUTE);
const time = fc
  .integer({ min: 0, max: 1439 })
  .map((minutes) => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`);
const windows = fc.array(
  fc
    .record({ days: fc.subarray([...WEEKDAYS], { minLength: 1 }), from: time, to: time })
    .filter(({ from, to }) => from !== to),
  { maxLength: 3 },
);
const dates = fc
  .integer({ min: 0, max: 700 })
  .map((day) => new Date(at('2026-01-01T00:00:00Z') + day * 86_400_000).toISOString().slice(0, 10));
const freezes = fc.array(
  fc.tuple(dates, dates).map(([a, b]) => ({ from: a < b ? a : b, to: a < b ? b : a })),
  { maxLength: 3 },
);

test('is open when it says that it opens, and at no moment before', () => {
  fc.assert(
    fc.property(
      instants,
      windows,
      freezes,
      zones,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (now, open, frozen, timeZone, part) => {
        const settings = opening({ windows: open, freezes: frozen, timeZone });
        const state = openStateAt(now, settings);
        if (state.open) return;
        const opensAt = state.opensAt ?? now + 366 * 86_400_000;
        assert.ok(opensAt > now);
        assert.equal(openStateAt(opensAt, settings).open, state.opensAt !== undefined);
        assert.ok(!openStateAt(now + Math.floor((opensAt - now) * part), settings).open);
      },
    ),
    { numRuns: 300 },
  );
});

test('a local time and its instant are each other, unless clocks skip it', () => {
  fc.assert(
    fc.property(instants, zones, (instant, zone) => {
      const local = localTimeOf(instant, zone);
      const back = instantOf(local.date, local.minutes, zone);
      assert.deepEqual(localTimeOf(back, zone), local);
      assert.ok(back <= instant && instant - back <= 24 * 60 * MINUTE);
    }),
    { numRuns: 300 },
  );
});
