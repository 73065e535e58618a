export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export type { AgentConfig, SamplerSection } from './config.ts';
export { OverheadObserver } from './overhead/index.ts';
export type { AgentPlan, PlannedPlugins, PlannedRefusal } from './plan.ts';
export { agentPlugin, registerAgentSamplers } from './plugin.ts';
export {
  type AgentStatus,
  type FetchedStatus,
  fetchStatus,
  parseStatus,
  renderStatus,
  statusExitCode,
} from './status.ts';
export { readSystemInfo, type SystemSummary } from './systeminfo/index.ts';
