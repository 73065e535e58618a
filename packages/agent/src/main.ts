/**
 * The agent as a process of its own: `node main JSON` with what {@link MainArguments} says, in as many arguments as it
 * takes. The command line becomes this process once it has made the plan, so that a running agent holds no code of
 * either. SIGHUP lets the command line make the plan anew.
 */
import { runService } from '@rezolus/core/service';
import { releaseProgram } from '@rezolus/libbpf';
import { notifyManager } from '@rezolus/libbpf/notify';
import { destination, pino } from 'pino';
import { startAgent } from './agent.ts';
import { type AgentPlan, registryOf } from './plan.ts';
import { dropPrivileges } from './privileges.ts';

/** MainArguments: the plan, and the program with its arguments that makes and prints it again. */
export interface MainArguments {
  readonly plan: AgentPlan;
  readonly planCommand: readonly string[];
}

const { plan, planCommand }: MainArguments = JSON.parse(process.argv.slice(2).join(''));

// Until there is something to reload the signal must not end the process; the plan has just been read.
process.on('SIGHUP', () => {});

await runService(async () => {
  const { config, plugins } = plan;
  // Plugins of third parties join an agent that serves already: it does not wait for them.
  const registry = await registryOf({ ...plugins, contained: [] }, config.plugins);
  const log = pino({ level: config.log.level, base: null }, destination(2));
  const agent = await startAgent({ config, registry, logger: log });
  await dropPrivileges(agent.status(), log);
  releaseProgram();
  if (plugins.contained.length > 0) void agent.reload(async () => plan);
  const readPlan = async () => (await import('./reload.ts')).readPlan(planCommand);
  return { ...agent, reload: () => agent.reload(readPlan) };
}, notifyManager);
