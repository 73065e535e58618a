/**
 * The exporter as a process of its own: `node main JSON` with an ExporterConfig. The command line becomes this process
 * once it has read the configuration, so that a running exporter holds no code of either.
 */
import { runService } from '@rezolus/core/service';
import { notifyManager } from '@rezolus/libbpf/notify';
import type { ExporterConfig } from './config.ts';
import { startExporter } from './exporter.ts';

const config: ExporterConfig = JSON.parse(process.argv[2]!);

await runService(() => startExporter({ config }), notifyManager);
