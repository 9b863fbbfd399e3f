import { stripVTControlCharacters } from 'node:util';
import { EnvironmentReader } from '../../foundation/environment.ts';
import { redactor } from '../../foundation/redact.ts';
import type { DeploymentKind } from '../deploy/deployment-options.ts';
import type { EngineEvent } from '../deploy/events.ts';
import { type Colors, createColors } from '../display/colors.ts';
import { createDiffDisplay } from '../display/diff-display.ts';
import type { Display, DisplayOptions } from '../display/display.ts';
import { type EventLog, openEventLog } from '../display/event-log.ts';
import { createEventStreamDisplay, createPreviewJsonDisplay } from '../display/json-display.ts';
import { createProgressDisplay } from '../display/progress-display.ts';
import { createTableDisplay } from '../display/table-display.ts';
import type { CommandContext } from './command.ts';
import { CommandFailure } from './exit-codes.ts';
import type { Flags } from './flags.ts';

const titles: Readonly<Record<DeploymentKind, readonly [preview: string, run: string]>> = {
  update: ['Previewing update', 'Updating'],
  refresh: ['Previewing refresh', 'Refreshing'],
  destroy: ['Previewing destroy', 'Destroying'],
  import: ['Previewing import', 'Importing'],
};

/** Where the events of one operation go: the screen and the event log. */
export interface OperationDisplay {
  show(event: EngineEvent): void;
  finish(): Promise<void>;
}

/** Opens the display that the flags ask for. Rejects with a user error where the event log cannot be opened. */
export async function openOperationDisplay(
  context: CommandContext,
  flags: Flags,
  operation: { readonly kind: DeploymentKind; readonly preview: boolean; readonly stack: string },
): Promise<OperationDisplay> {
  const screen = createScreen(context, flags, operation);
  const log = await openLog(context, flags);
  return {
    show(event) {
      screen.show(event);
      context.log?.event(event);
      log?.write(event);
    },
    async finish() {
      screen.finish();
      await log?.close();
    },
  };
}

const unixSeconds = () => Math.floor(Date.now() / 1000);

function openLog(context: CommandContext, flags: Flags): Promise<EventLog> | undefined {
  const place = flags.text('event-log');
  if (place === undefined) return undefined;
  return openEventLog(place, {
    directory: context.directory,
    showSecrets: false,
    color: flags.text('color') ?? 'auto',
    now: unixSeconds,
  });
}

function createScreen(
  context: CommandContext,
  flags: Flags,
  operation: { readonly kind: DeploymentKind; readonly preview: boolean; readonly stack: string },
): Display {
  const showSecrets = isOn(flags, 'show-secrets');
  const mask = (text: string) => (showSecrets ? text : redactor.redact(text));
  const colors = colorsOf(context, flags);
  // Programs and providers colour what they say whether it is for a terminal or not.
  const shown = (text: string) => mask(colors.enabled ? text : stripVTControlCharacters(text));
  const write = (text: string) => context.terminal.write(shown(text));
  const writeError = (text: string) => context.terminal.writeError(shown(text));
  if (flags.boolean('json')) {
    if (operation.preview)
      return createPreviewJsonDisplay(write, {
        showSecrets,
        colors: createColors(false),
        showSames: isOn(flags, 'show-sames'),
        showReplacementSteps: isOn(flags, 'show-replacement-steps'),
      });
    return createEventStreamDisplay(write, { showSecrets, color: flags.text('color') ?? 'auto', now: unixSeconds });
  }
  const options = displayOptions(flags, operation, showSecrets);
  if (flags.boolean('diff')) return createDiffDisplay({ write, writeError }, colors, options);
  const { live } = context.terminal;
  if (live === undefined || !context.interactive || options.suppressProgress)
    return createProgressDisplay(write, colors, options);
  const screen = { write, live, mask: shown, now: () => performance.now(), emoji: flags.boolean('emoji') };
  return createTableDisplay(screen, colors, options);
}

/** `--color`, NO_COLOR, and whether there is a terminal. */
export function colorsOf(context: CommandContext, flags: Flags): Colors {
  const wanted = flags.text('color') ?? 'auto';
  switch (wanted) {
    case 'always':
      return createColors(true);
    case 'never':
      return createColors(false);
    case 'auto': {
      const none = new EnvironmentReader(context.environment).text('NO_COLOR') !== undefined;
      return createColors(context.terminal.columns !== undefined && !none);
    }
    default:
      throw new CommandFailure(
        `Cannot use the colour mode ${JSON.stringify(wanted)} as it is none of always, never, auto. Correct --color.`,
      );
  }
}

function displayOptions(
  flags: Flags,
  { kind, preview, stack }: { readonly kind: DeploymentKind; readonly preview: boolean; readonly stack: string },
  showSecrets: boolean,
): DisplayOptions {
  return {
    preview,
    title: titles[kind][preview ? 0 : 1],
    stack,
    debug: flags.boolean('debug'),
    showSames: isOn(flags, 'show-sames'),
    showReads: isOn(flags, 'show-reads'),
    showReplacementSteps: isOn(flags, 'show-replacement-steps'),
    showSecrets,
    showConfig: isOn(flags, 'show-config'),
    showFullOutput: isOn(flags, 'show-full-output'),
    suppressOutputs: flags.boolean('suppress-outputs'),
    suppressProgress: flags.boolean('suppress-progress'),
    showUrns: flags.boolean('urns'),
    showPolicyRemediations: isOn(flags, 'show-policy-remediations'),
  };
}

function isOn(flags: Flags, name: string): boolean {
  return flags.names().includes(name) && flags.boolean(name);
}
