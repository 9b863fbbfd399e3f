import type { DueReport, ReportStore } from '../core/report-store.ts';
import type { Database } from './database.ts';

/** Outcomes on their way to forges. */
export function createReportTable(database: Database): ReportStore {
  return {
    want: async (rollout, now) => {
      await database.change(
        `insert into report (rollout, since, due) values ($1, $2, $2)
         on conflict (rollout) do update set since = excluded.since, due = excluded.due, attempts = 0, wanted = report.wanted + 1`,
        [rollout, now],
      );
    },
    take: ({ now, until, only }) =>
      database.rows<DueReport>(
        `update report set attempts = attempts + 1, due = $2 where due <= $1 and ($3::text is null or rollout = $3)
         returning rollout, wanted, since, attempts`,
        [now, until, only ?? null],
      ),
    settle: async ({ rollout, wanted }) => {
      await database.change('delete from report where rollout = $1 and wanted = $2', [rollout, wanted]);
    },
    putOff: async ({ rollout, wanted }, due) => {
      await database.change('update report set due = $3 where rollout = $1 and wanted = $2', [rollout, wanted, due]);
    },
  };
}
