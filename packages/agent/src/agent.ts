import {
  type BpfLoader,
  listenHosts,
  possibleCpus,
  type Registration,
  type SamplerRegistry,
  SamplerSet,
  sentence,
} from '@rezolus/core';
import { FrontDoor } from '@rezolus/core/http';
import { descriptionsOf } from '@rezolus/exposition';
import { destination, type Logger as Pino, pino } from 'pino';
import { keepBudgets } from './budget.ts';
import { type AgentConfig, budgetOf, samplerSettings } from './config.ts';
import { externalMetrics } from './external/index.ts';
import { givingBack } from './giving-back.ts';
import { createServer } from './http/server.ts';
import { startMetrics } from './metrics.ts';
import { OverheadObserver } from './overhead/index.ts';
import { type AgentPlan, registryOf } from './plan.ts';
import { agentPlugin, registerAgentSamplers } from './plugin.ts';
import { reserveFiles } from './reserve.ts';
import { SnapshotCache } from './snapshot.ts';
import { type AgentStatus, countsLine, healthOfSampler, reasonOf } from './status.ts';
import { readSystemInfo } from './systeminfo/index.ts';
import { version } from './version.ts';

/** AgentOptions: the configuration, the plugins' samplers and how they get at the kernel. */
export interface AgentOptions {
  readonly config: AgentConfig;
  /** Holds what the plugins registered; the agent adds its own samplers. */
  readonly registry: SamplerRegistry;
  /** Default: libbpf of this machine. */
  readonly bpf?: BpfLoader;
  /** Default: JSON lines on stderr at the level of the configuration. */
  readonly logger?: Pino;
}

/** Agent: a running agent. */
export interface Agent extends AsyncDisposable {
  /** Base URL of the server, e.g. `http://127.0.0.1:4241`. */
  readonly address: string;
  /**
   * reload: reads a plan and makes the samplers what it says; those that it does not change keep their counters. Where
   * no plan can be had, that is logged, and the agent goes on as it was. Does not reject.
   */
  reload(read: () => Promise<AgentPlan>): Promise<void>;
  /** Base URL under which `/metrics` is served, null where the configuration has none. */
  readonly metricsAddress: string | null;
  status(): AgentStatus;
  /** isAlive: false where a refresh does not come to its end. */
  isAlive(): boolean;
  /** close: stops the server, then disposes the samplers. Safe to call twice. */
  close(): Promise<void>;
}

/** File descriptors that the agent needs for itself, however many samplers want. */
const ownFiles = 48;

/** A refresh that takes longer hangs; readers have given up long before. */
const stuckMs = 60_000;

/**
 * startAgent: starts samplers and server. A sampler that cannot run is a status; throws REZ_ERR_LISTEN where the
 * address cannot be had and REZ_ERR_CONFIG_* for a wrong web-config file.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const startedMs = performance.now();
  const observer = new OverheadObserver();
  // One object for all who look into it; a reload adds to it.
  const descriptions: Record<string, string> = {};
  const registerOwn = (registry: SamplerRegistry, { external_metrics: external }: AgentConfig) => {
    const registrar = registry.for(agentPlugin);
    registerAgentSamplers(registrar, observer);
    if (external.enabled) registrar.add(externalMetrics((metric) => Object.hasOwn(descriptions, metric)));
  };
  let { config } = options;
  registerOwn(options.registry, config);
  const { registrations, refusals } = options.registry.resolve();
  Object.assign(descriptions, descriptionsOfSamplers(registrations));
  const log = options.logger ?? pino({ level: config.log.level, base: null }, destination(2));
  const bpf = options.bpf ?? (await defaultLoader(log));
  const door = await FrontDoor.open({
    webConfigFile: config.general.web_config_file,
    log,
    maxConnections: 2048,
    idleMs: 30_000,
  });
  const reserve = reserveFiles(ownFiles);
  await using resources = new AsyncDisposableStack();
  const samplers = resources.use(
    await SamplerSet.start({
      registrations,
      refusals,
      settings: (registration) => samplerSettings(config, registration),
      possibleCpus: possibleCpus(),
      bpf: (plugin, sampler) => observer.track(plugin, sampler, bpf),
      logger: (sampler) => log.child({ sampler }),
      // A process of a plugin has its own limit, which is the narrower one.
      startTimeoutMs: config.plugins.start_timeout + 5000,
    }),
  );
  reserve[Symbol.dispose]();
  observer.observe(samplers);
  keepBudgets({ observer, samplers, budgetOf: (sampler) => budgetOf(config, sampler) });
  const { listen, ttl, snapshot_format: format } = config.general;
  const status = (): AgentStatus => ({
    version,
    uptime_seconds: Math.floor((performance.now() - startedMs) / 1000),
    ttl_seconds: Math.floor(ttl / 1000),
    ttl_ms: ttl,
    samplers: samplers.status(),
    plugins: observer.plugins(),
  });
  const snapshots = new SnapshotCache({
    samplers: givingBack(samplers),
    metadata: { source: 'rezolus', version },
    ttlMs: ttl,
  });
  const server = createServer({
    version,
    door,
    format,
    snapshots,
    descriptions,
    systemInfo: readSystemInfo,
    samplers: () => samplers.status(),
    status,
    failed: (error, path) => log.error({ err: error, path }, `request failed: ${sentence(error)}`),
    hosts: [...listenHosts(listen), ...config.general.hosts],
  });
  const address = await door.listen(server, listen);
  resources.defer(() => server.close());
  const metrics = await startMetrics(config.prometheus, {
    descriptions,
    log,
    snapshot: () => snapshots.copy(),
  });
  resources.use(metrics);
  report(log, address, status());
  const reload = async (read: () => Promise<AgentPlan>): Promise<void> => {
    try {
      const plan = await read();
      const registry = await registryOf(plan.plugins, plan.config.plugins, observer.watch.bind(observer));
      registerOwn(registry, plan.config);
      const resolved = registry.resolve();
      for (const section of needRestart(config, plan.config))
        log.warn({ section }, `[${section}] has changed; that needs a restart`);
      config = plan.config;
      Object.assign(descriptions, descriptionsOfSamplers(resolved.registrations));
      await samplers.apply({
        ...resolved,
        settings: (registration) => samplerSettings(config, registration),
      });
      log.info({}, `configuration and plugins loaded; ${countsLine(samplers.status())}`);
    } catch (error) {
      log.error({ err: error }, `nothing was reloaded: ${sentence(error)}`);
    }
  };
  const owned = resources.move();
  const close = () => owned.disposeAsync();
  return {
    address,
    reload,
    metricsAddress: metrics?.address ?? null,
    status,
    isAlive: () => snapshots.busyMs < stuckMs,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function descriptionsOfSamplers(registrations: readonly Registration[]): Record<string, string> {
  return descriptionsOf(
    registrations.flatMap(({ definition }) => definition.groups.flatMap(({ metrics }) => metrics)),
  );
}

/** needRestart: the sections that have changed and are read at the start alone. */
function needRestart(before: AgentConfig, after: AgentConfig): string[] {
  const sections = ['general', 'log', 'prometheus'] as const;
  return sections.filter((section) => JSON.stringify(before[section]) !== JSON.stringify(after[section]));
}

async function defaultLoader(log: Pino): Promise<BpfLoader> {
  const { createBpfLoader } = await import('@rezolus/libbpf');
  return createBpfLoader(log);
}

/** report: the counts, and a line for each running sampler that lacks something; the others' faults are logged already. */
function report(log: Pino, address: string, { samplers }: AgentStatus): void {
  log.info({ version, address }, `listening; ${countsLine(samplers)}`);
  for (const sampler of samplers) {
    const health = healthOfSampler(sampler);
    if (sampler.state !== 'active' || health === 'healthy') continue;
    log.warn({ sampler: sampler.name }, `${sampler.name} is ${health}: ${reasonOf(sampler)}`);
  }
}
