import { fileURLToPath } from 'node:url';
import { Args } from '@oclif/core';
import { BaseCommand } from '../base.ts';
import { become } from '../become.ts';

/** A small heap that is collected often: little is kept between two scrapes. */
const heapFlags = ['--max-semi-space-size=2', '--disable-warning=ExperimentalWarning'];

export default class Exporter extends BaseCommand {
  static override summary = 'Run the exporter: serve the metrics of an agent to Prometheus.';
  static override description =
    `Polls the agent that the configuration names and serves /metrics as Prometheus text, OpenMetrics or protobuf with
native histograms, as the scraper asks. While the agent is away its series end and rezolus_exporter_agent_up is 0.

docs/fleet.md shows how to set up Prometheus, Grafana and alerts for many machines.`;
  static override examples = [
    '<%= config.bin %> exporter config/exporter.toml',
    'curl http://127.0.0.1:4242/metrics',
    'curl -s http://127.0.0.1:4242/metrics | promtool check metrics',
  ];
  static override args = {
    config: Args.string({
      required: true,
      description: 'configuration file (TOML), see config/exporter.toml',
    }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Exporter);
    const { loadExporterConfig } = await import('@rezolus/exporter/config-file');
    const config = JSON.stringify(loadExporterConfig(args.config));
    const program = fileURLToPath(import.meta.resolve('@rezolus/exporter/main'));
    become([...heapFlags, program, config]);
  }
}
