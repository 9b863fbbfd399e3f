import type { Command } from './command.ts';
import { stackChangeSecretsProvider } from './stack-change-secrets-provider.ts';
import { stackExport, stackImport } from './stack-deployment.ts';
import { stackGraph } from './stack-graph.ts';
import { stackHistory } from './stack-history.ts';
import { stackInit, stackLs, stackRename, stackRm, stackSelect, stackUnselect } from './stack-lifecycle.ts';
import { stackOutput } from './stack-output.ts';
import { showStack, showStackFlags } from './stack-show.ts';
import { stackTagCommand } from './stack-tags.ts';

const cloud = 'it needs Pulumi Cloud';

/** `pulumi stack ...` */
export const stackCommand: Command = {
  name: 'stack',
  summary: 'Manage stacks and view stack state',
  flags: showStackFlags,
  run: showStack,
  commands: [
    stackInit,
    stackSelect,
    stackUnselect,
    stackLs,
    stackRm,
    stackOutput,
    stackExport,
    stackImport,
    stackHistory,
    stackRename,
    stackTagCommand,
    stackChangeSecretsProvider,
    stackGraph,
    { name: 'get', summary: '', unsupported: cloud },
    { name: 'drift', summary: '', unsupported: cloud },
    { name: 'schedule', summary: '', unsupported: cloud },
    { name: 'webhook', summary: '', unsupported: cloud },
    { name: 'migrate', summary: '', unsupported: 'it moves no stacks between backends' },
  ],
};
