/** Wraps text in terminal colours, or does not. */
export interface Colors {
  readonly enabled: boolean;
  heading(text: string): string;
  create(text: string): string;
  update(text: string): string;
  replace(text: string): string;
  remove(text: string): string;
  read(text: string): string;
  warning(text: string): string;
  error(text: string): string;
  info(text: string): string;
  resource(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

const ESC = '\u001b[';

/** `enabled` false gives back every text as it is. The colours are the official CLI's (sdk/go/common/diag/colors). */
export function createColors(enabled: boolean): Colors {
  const paint = (code: string) => (text: string) => (enabled && text !== '' ? `${ESC}${code}m${text}${ESC}0m` : text);
  return {
    enabled,
    heading: paint('1;38;5;13'),
    create: paint('38;5;2'),
    update: paint('38;5;3'),
    replace: paint('38;5;13'),
    remove: paint('38;5;9'),
    read: paint('38;5;14'),
    warning: paint('38;5;3'),
    error: paint('38;5;9'),
    info: paint('38;5;5'),
    resource: paint('38;5;12'),
    bold: paint('1'),
    dim: paint('2'),
  };
}
