import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

/** Loaded before a runner (`--import`): it is on a machine of this name, so that nobody elsewhere can see by a pid whether it lives. */
const name = process.env.JOURNEY_MACHINE;

if (name !== undefined) {
  os.hostname = () => name;
  syncBuiltinESMExports();
}
