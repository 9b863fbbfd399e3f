import type { Environment } from '../../foundation/environment.ts';

/**
 * What a program may see of the engine's own environment without being given it: where it is, who it runs for, and how to reach the
 * network.
 */
const inherited =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|TEMP|TMP|XDG_.*|SystemRoot|ComSpec|PATHEXT|APPDATA|LOCALAPPDATA|USERPROFILE|NODE_EXTRA_CA_CERTS|SSL_CERT_.*|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy)$/;

/** The engine's secrets: never handed on, whoever gives them. */
const withheld = /^(PULUMI_CONFIG_PASSPHRASE(_FILE)?|PULUMI_ACCESS_TOKEN|PULUMI_BACKEND_URL|MAINSTAY_.*)$/;

/** Set for every run by the engine itself; a value from outside would contradict it (cmd/run, runtime/state.js). */
const ours =
  /^(PULUMI_NODEJS_(ORGANIZATION|PROJECT|ROOT_DIRECTORY|STACK|DRY_RUN|PARALLEL|MONITOR|ENGINE|SYNC)|PULUMI_CONFIG(_SECRET_KEYS)?|NODE_CHANNEL_FD|NODE_COMPILE_CACHE)$/;

/** The environment of a program: the allow-listed part of the engine's, then what the run adds, never a secret of the engine. */
export function programEnvironment(engine: Environment, added: Environment): Record<string, string> {
  const result: Record<string, string> = {};
  const take = (environment: Environment, allowed: (name: string) => boolean) => {
    for (const [name, value] of Object.entries(environment))
      if (value !== undefined && allowed(name) && !withheld.test(name) && !ours.test(name)) result[name] = value;
  };
  take(engine, (name) => inherited.test(name));
  take(added, () => true);
  // So that a program can tell an engine that honours `mainstay:sandbox` from one that does not know it (infra/sandbox-guard.ts).
  return { ...result, MAINSTAY_ENGINE: 'embedded' };
}

/**
 * Read while Node or the SDK loads and never again: a process that was loaded ahead serves only runs with the same values
 * (runtime/debuggable.js, utils.js, grpc-js' logging.js, ts-node, Node's own).
 */
const readAtLoad =
  /^(NODE_.*|UV_.*|GRPC_.*|TS_NODE_.*|SSL_.*|OPENSSL_.*|TZ|LANG|LANGUAGE|LC_.*|.*_proxy|.*_PROXY|PULUMI_DEBUG_PROMISE_LEAKS|PULUMI_DISABLE_RESOURCE_REFERENCES|PULUMI_ERROR_OUTPUT_STRING|PULUMI_NODEJS_.*|PULUMI_ENABLE_LEGACY_APPLY|OTEL_.*|TRACEPARENT|PULUMI_OTEL_.*)$/;

/** The part of an environment that has to be in place before the SDK is loaded. */
export function loadTimeEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment)
      .filter(([name]) => readAtLoad.test(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
