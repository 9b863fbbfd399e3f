import type { DisplayOptions } from '../display.ts';

/** Of an update, with every switch off. */
export const plainOptions: DisplayOptions = {
  preview: false,
  title: 'Updating',
  stack: 'dev',
  debug: false,
  showSames: false,
  showReads: false,
  showReplacementSteps: false,
  showSecrets: false,
  showConfig: false,
  showFullOutput: false,
  suppressOutputs: false,
  suppressProgress: false,
  showUrns: false,
  showPolicyRemediations: false,
};
