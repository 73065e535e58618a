/**
 * errorCatalogue: every error code of Rezolus with the sentence that tells the user what to do next.
 * Sorted by code; `docs/errors.md` is generated from it.
 */
export const errorCatalogue = {
  REZ_ERR_BPF_ATTACH:
    'The program loaded but did not attach. See the cause; `rezolus status` shows which metrics it feeds.',
  REZ_ERR_BPF_LIBRARY:
    'libbpf could not be loaded. Install the package libbpf1 or set REZOLUS_LIBBPF to its path.',
  REZ_ERR_BPF_LOAD:
    'The kernel refused the BPF object. The verifier log is in the cause; report it with `uname -r`.',
  REZ_ERR_BPF_MAP: 'A BPF map could not be found, resized or mapped. Rebuild the object with `npm run bpf`.',
  REZ_ERR_BPF_OBJECT: 'The BPF object file could not be opened. Reinstall the plugin that ships it.',
  REZ_ERR_BPF_PERMISSION:
    'BPF needs root, or CAP_BPF and CAP_PERFMON. Run the agent as root or grant both capabilities.',
  REZ_ERR_BPF_TOOLCHAIN:
    'The BPF toolchain is missing or failed. `npm run setup` installs clang, llvm-strip and bpftool.',
  REZ_ERR_BPF_UNSUPPORTED: 'This kernel does not offer what the program needs. The sampler goes without it.',
  REZ_ERR_CONFIG_INVALID:
    'A value in the configuration is not allowed. Correct the key named in the message.',
  REZ_ERR_CONFIG_READ: 'The configuration file could not be read. Check the path and its permissions.',
  REZ_ERR_CONFIG_SYNTAX:
    'The configuration file is not valid TOML or YAML. Correct the line named in the message.',
  REZ_ERR_CONFIG_UNKNOWN_KEY:
    'The configuration has a key that does not exist. Correct its name or remove it.',
  REZ_ERR_ENDPOINT_DENIED:
    'The endpoint wants credentials, or others. Give them in a file: --http-config or http_config_file.',
  REZ_ERR_ENDPOINT_RESPONSE:
    'The endpoint answered something else than expected. Check that the URL is a Rezolus agent.',
  REZ_ERR_ENDPOINT_UNREACHABLE:
    'The endpoint did not answer. Check that the agent runs and the address is right.',
  REZ_ERR_EXPOSITION_FORMAT: 'The text is not of the Prometheus format. The message names the line.',
  REZ_ERR_LISTEN:
    'The address could not be listened on. Choose another one or stop the process that uses it.',
  REZ_ERR_PERF_PERMISSION:
    'Performance counters need root or CAP_PERFMON, and kernel.perf_event_paranoid of 2 or less on Debian and Ubuntu.',
  REZ_ERR_PLUGIN_ABI:
    'The plugin speaks another version of the sampler contract. Upgrade the plugin or Rezolus.',
  REZ_ERR_PLUGIN_CRASHED:
    "The plugin's process ended by itself. It is started again, after longer and longer pauses; tell its author.",
  REZ_ERR_PLUGIN_DATA:
    'The plugin sent what its definitions do not allow and was stopped. Uninstall it, or tell its author.',
  REZ_ERR_PLUGIN_INSTALL: 'The plugin could not be installed, updated or removed. See the message.',
  REZ_ERR_PLUGIN_INTEGRITY:
    'The installed plugin is not what was installed, and is not loaded. Find out why, then install it again.',
  REZ_ERR_PLUGIN_LIMIT:
    'The plugin took more than it may have and was stopped. Tell its author, or raise the limit in [plugins].',
  REZ_ERR_PLUGIN_LOAD: 'The plugin could not be loaded. Reinstall it or remove it.',
  REZ_ERR_PLUGIN_NOT_ALLOWED:
    'plugins.allow in agent.toml does not name the plugin. Add its name, or name@sha512-…, to load it.',
  REZ_ERR_PRIVILEGES:
    'The process keeps the capabilities that it was started with. See the cause; the unit file can limit them.',
  REZ_ERR_PUSH_QUEUE:
    'The folder of the queue could not be used. Check queue_directory, its permissions and free space.',
  REZ_ERR_QUERY_EXECUTION: 'The query could not be evaluated. See the message.',
  REZ_ERR_QUERY_LIMIT: 'The query asks for too much. Use a longer step, a shorter range or fewer series.',
  REZ_ERR_QUERY_PARSE: 'The query is not PromQL. The message names the place.',
  REZ_ERR_QUERY_UNSUPPORTED: 'The query uses a part of PromQL that is not supported.',
  REZ_ERR_RECORDING_BUSY:
    'Another process writes this recording. Choose another output, or stop that process first.',
  REZ_ERR_RECORDING_EMPTY: 'Nothing was recorded. Check that the endpoint serves metrics.',
  REZ_ERR_RECORDING_FORMAT: 'The file is not a recording that can be read. See the cause.',
  REZ_ERR_RECORDING_UNFINISHED:
    'The recorder ended before it could finish the file. Run `rezolus recording recover FILE`.',
  REZ_ERR_RECORDING_WRITE:
    'The recording could not be written. Check free space and permissions of its directory.',
  REZ_ERR_SAMPLER_BUDGET:
    'The sampler took more than its budget and was stopped. Raise `budget` in its section of agent.toml, or leave it off.',
  REZ_ERR_SAMPLER_DEFINITION:
    'A plugin registered a sampler that breaks the contract. Report it to the plugin author.',
  REZ_ERR_SAMPLER_DUPLICATE:
    'Two plugins register a sampler or a metric of the same name. Uninstall one of them.',
  REZ_ERR_SAMPLER_START: 'The sampler could not start. See the cause.',
  REZ_ERR_SAMPLER_TIMEOUT: 'The sampler did not answer in time. Report it to the plugin author.',
  REZ_ERR_SCAFFOLD:
    'The package of the sampler could not be made. Correct what the message names; what was written stays.',
  REZ_ERR_SNAPSHOT_FORMAT: 'The bytes are not a Rezolus snapshot.',
  REZ_ERR_UNSUPPORTED: 'This machine does not offer what the sampler needs.',
} as const;

/** ErrorCode: one of the codes of {@link errorCatalogue}. */
export type ErrorCode = keyof typeof errorCatalogue;

/** RezolusError: an error with a code of the catalogue, a message that names the thing, and its cause. */
export class RezolusError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'RezolusError';
    this.code = code;
  }

  /** remedy: the next step for the user, from the catalogue. */
  get remedy(): string {
    return errorCatalogue[this.code];
  }
}

/**
 * UnsupportedError: this kernel or machine does not offer `feature`. A sampler factory that throws it ends as a
 * status with a sentence, not as a failure; a kernel test may skip on it and on nothing else.
 */
export class UnsupportedError extends RezolusError {
  readonly feature: string;

  constructor(feature: string, message: string, options?: { cause?: unknown; code?: ErrorCode }) {
    super(options?.code ?? 'REZ_ERR_UNSUPPORTED', message, options);
    this.name = 'UnsupportedError';
    this.feature = feature;
  }
}

/** sentence: an error with its chain of causes as one line, for a status or a log. */
export function sentence(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current !== undefined && current !== null && depth < 5; depth++) {
    const text = current instanceof Error ? current.message : String(current);
    if (text !== '' && !parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(': ').replace(/\s+/g, ' ').trim();
}
