import type { Command } from 'commander';
import { userError } from '../foundation/errors.ts';

interface Completable {
  readonly name: string;
  readonly description: string;
  readonly options: readonly { readonly flag: string; readonly description: string }[];
}

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A script that completes the commands of `program` and their options. Throws a user error for a shell that we know nothing of. */
export function completionScript(program: Command, shell: string): string {
  const commands = program.commands.map(
    (command): Completable => ({
      name: command.name(),
      description: command.description(),
      options: command.options.map(({ long, short, description }) => ({ flag: long ?? short ?? '', description })),
    }),
  );
  if (shell === 'bash') return bash(commands);
  if (shell === 'zsh') return zsh(commands);
  if (shell === 'fish') return fish(commands);
  throw userError(`Cannot complete in that shell as it is none of ${SHELLS.join(', ')}: ${shell}. Choose one.`);
}

function bash(commands: readonly Completable[]): string {
  const cases = commands.map(
    ({ name, options }) => `    ${name}) words="${options.map(({ flag }) => flag).join(' ')} --help" ;;`,
  );
  return `# mainstay completion bash > /etc/bash_completion.d/mainstay, or: source <(mainstay completion bash)
_mainstay() {
  local words
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ name }) => name).join(' ')} --help"
  else
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _mainstay mainstay`;
}

function zsh(commands: readonly Completable[]): string {
  const names = commands.map(({ name, description }) => `    ${zshQuote(`${name}:${description}`)}`);
  const cases = commands.map(({ name, options }) => {
    const flags = options.map(({ flag, description }) => zshQuote(`${flag}[${description.replace(/[[\]]/g, '')}]`));
    return `    ${name}) _arguments ${[...flags, "'*:file:_files'"].join(' ')} ;;`;
  });
  return `#compdef mainstay
# mainstay completion zsh > "\${fpath[1]}/_mainstay"
_mainstay() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
compdef _mainstay mainstay`;
}

function zshQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fish(commands: readonly Completable[]): string {
  const lines = commands.flatMap(({ name, description, options }) => [
    `complete -c mainstay -n __fish_use_subcommand -a ${name} -d ${fishQuote(description)}`,
    ...options.map(
      ({ flag, description: what }) =>
        `complete -c mainstay -n '__fish_seen_subcommand_from ${name}' -l ${flag.replace(/^--/, '')} -d ${fishQuote(what)}`,
    ),
  ]);
  return ['# mainstay completion fish > ~/.config/fish/completions/mainstay.fish', ...lines].join('\n');
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
