/** What people may ask for in a comment, and what it does. */
export const COMMANDS = {
  preview: "preview again; a stranger's change needs the commit that you have read: `/preview 1a2b3c4d`",
  approve: 'approve what the rollout of this change waits for; more words are the reason',
  reject: 'end the rollout of this change where it waits; more words are the reason',
  retry: 'try again what failed: previews, or the rollout after the merge',
  cancel: 'cancel the previews of this change that have not ended',
  environment:
    "make the preview environment of this change, anew where there is one, and keep it longer; a stranger's change needs the commit that you have read. `/environment down` destroys it",
  unlock: 'clear what an interrupted update left: its lock and its processes',
  help: 'say this',
} as const;

export type CommandName = keyof typeof COMMANDS;

export interface Command {
  readonly name: CommandName;
  /** The rest of its line. */
  readonly argument: string;
}

/**
 * The command of a comment: the first line that begins with one. Quotes and code are what somebody else said. An unknown word after a slash is none of
 * ours: other bots listen too. `/mainstay approve` is `/approve`, for forges that take the short one for their own (GitLab's quick actions).
 */
export function commandIn(text: string): Command | undefined {
  let fence: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const mark = /^\s*(```|~~~)/.exec(line)?.[1];
    if (mark !== undefined && (fence === undefined || fence === mark)) fence = fence === undefined ? mark : undefined;
    if (fence !== undefined) continue;
    const [, name, argument = ''] = /^ {0,3}\/(?:mainstay[ \t]+)?([a-z]+)(?:[ \t]+(.*))?$/.exec(line) ?? [];
    if (name !== undefined && Object.hasOwn(COMMANDS, name))
      return { name: name as CommandName, argument: argument.trim() };
  }
  return undefined;
}

/** The list of commands, in Markdown. */
export function helpText(): string {
  return Object.entries(COMMANDS)
    .map(([name, does]) => `- \`/${name}\`: ${does}`)
    .join('\n');
}
