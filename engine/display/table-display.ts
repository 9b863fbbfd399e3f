import type { EngineEvent } from '../deploy/events.ts';
import type { Colors } from './colors.ts';
import type { Display, DisplayOptions } from './display.ts';
import { configText } from './progress-display.ts';
import { Report } from './report.ts';
import { ResourceRows, type TreeRow } from './resource-rows.ts';
import type { LiveArea } from './terminal.ts';
import { treeLines } from './tree-text.ts';

/** Where the table is drawn and what follows it is written. */
export interface TableScreen {
  write(text: string): void;
  readonly live: LiveArea;
  /** What every line goes through on its way: masks secrets. */
  readonly mask: (text: string) => string;
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** `--emoji` */
  readonly emoji: boolean;
}

const redrawMs = 120;

/** A tree of resources that is drawn anew while the operation runs; at its end the whole tree, and the report. */
export function createTableDisplay(screen: TableScreen, colors: Colors, options: DisplayOptions): Display {
  const report = new Report(options, { colors, showSecrets: options.showSecrets, full: options.showFullOutput });
  const rows = new ResourceRows(options, screen.now);
  const put = (text: string) => screen.write(`${text}\n`);
  put(`${colors.heading(`${options.title} (${options.stack}):`)}\n`);
  const started = screen.now();
  const style = { colors, preview: options.preview, showUrns: options.showUrns };
  const draw = () => {
    const now = screen.now();
    const { columns, rows: height } = screen.live;
    const tree = rows.tree();
    const shown = fitting(tree, Math.max(1, height - 5));
    const table = tree.length === 0 ? [] : treeLines(shown, { ...style, ended: false, now, columns });
    const left = tree.length - shown.length;
    const more = left === 0 ? [] : [colors.dim(`     and ${left} more`)];
    const lines = [...table, ...more, '', progressLine({ now, started, screen, options, running: rows.running })];
    screen.live.draw(lines.slice(0, Math.max(1, height - 1)).map(screen.mask));
  };
  const timer = setInterval(draw, redrawMs);
  const stopWatching = screen.live.onResize(draw);

  return {
    show(event: EngineEvent) {
      report.add(event);
      rows.add(event);
      if (event.kind === 'stdout') put(event.message.replace(/\n$/, ''));
      else if (event.kind === 'prelude' && options.showConfig) put(configText(event.config));
    },
    finish() {
      clearInterval(timer);
      stopWatching();
      screen.live.clear();
      const tree = rows.tree();
      const table = tree.length === 0 ? [] : [...treeLines(tree, { ...style, ended: true, now: screen.now() }), ''];
      for (const line of [...table, ...report.lines()]) put(line);
    },
  };
}

interface Progress {
  readonly now: number;
  readonly started: number;
  readonly screen: TableScreen;
  readonly options: DisplayOptions;
  readonly running: number;
}

/** `@ Updating.... (12s, 3 running)` */
function progressLine({ now, started, screen, options, running }: Progress): string {
  const dots = '.'.repeat((Math.floor(now / 500) % 4) + 1).padEnd(4);
  const count = running > 0 ? `, ${running} running` : '';
  return `${screen.emoji ? '✨' : '@'} ${options.title}${dots} (${Math.floor((now - started) / 1000)}s${count})`;
}

/** As many rows as there is place for: those that run, then those that changed last; in their order. */
function fitting(tree: readonly TreeRow[], place: number): readonly TreeRow[] {
  if (tree.length <= place) return tree;
  const rank = ({ row }: TreeRow) => (row.phase === 'running' ? 1e12 : row.phase === 'failed' ? 1e11 : 0) + row.changed;
  const [root, ...others] = tree;
  const kept = new Set(others.toSorted((a, b) => rank(b) - rank(a)).slice(0, place - 1));
  return tree.filter((row) => row === root || kept.has(row));
}
