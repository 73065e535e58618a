import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Snapshot } from '@rezolus/core';
import {
  type ExportCounts,
  OtlpEncoder,
  type PrometheusOptions,
  RemoteWriteEncoder,
  snappyCompress,
} from '@rezolus/exposition';
import type { ExporterConfig, PushSection } from '../config.ts';
import type { Reading } from '../source.ts';
import { version } from '../version.ts';
import type { PushFormat } from './push.ts';

const compress = promisify<Uint8Array, Buffer>(gzip);

/** Selection: what is exported, without the descriptions, which come from the agent. */
export type Selection = Omit<PrometheusOptions, 'descriptions'>;

/** pushLabels: the labels of the section; `instance` is the hostname where they do not say. */
export function pushLabels({ labels }: Pick<PushSection, 'labels'>): Record<string, string> {
  return { instance: hostname(), ...labels };
}

/** remoteWrite: the format of `[remote_write]`. */
export function remoteWrite(section: ExporterConfig['remote_write'], options: Selection): PushFormat {
  const isSecond = section.version === '2.0';
  let encoder: RemoteWriteEncoder | null = null;
  let known: Reading['descriptions'] | null = null;
  return {
    name: 'remote_write',
    headers: {
      'content-encoding': 'snappy',
      'content-type': isSecond
        ? 'application/x-protobuf;proto=io.prometheus.write.v2.Request'
        : 'application/x-protobuf',
      'x-prometheus-remote-write-version': isSecond ? '2.0.0' : '0.1.0',
    },
    async encode({ snapshot, descriptions }, own) {
      // Help texts travel with version 2.0 only; the stale markers of the encoder outweigh new ones.
      if (encoder === null || (isSecond && snapshot !== null && known !== descriptions)) {
        known = descriptions;
        encoder = new RemoteWriteEncoder(
          section.version,
          { ...options, nativeHistograms: section.native_histograms, compatibility: false, descriptions },
          pushLabels(section),
        );
      }
      const families = await own.families(countsOf(encoder, snapshot), snapshot);
      const requests = encoder.encode(snapshot, families, Date.now());
      return requests.map(({ samples, body }) => ({ samples, body: snappyCompress(body) }));
    },
  };
}

/** otlp: the format of `[otlp]`. */
export function otlp(section: PushSection, options: Selection): PushFormat {
  let encoder: OtlpEncoder | null = null;
  let known: Reading['descriptions'] | null = null;
  const { job, instance, ...others } = pushLabels(section);
  const resource = {
    ...others,
    ...(job !== undefined && { 'service.name': job }),
    ...(instance !== undefined && { 'service.instance.id': instance, 'host.name': hostname() }),
  };
  return {
    name: 'otlp',
    headers: { 'content-encoding': 'gzip', 'content-type': 'application/x-protobuf' },
    async encode({ snapshot, descriptions }, own) {
      if (encoder === null || known !== descriptions) {
        known = descriptions;
        encoder = new OtlpEncoder({ ...options, compatibility: false, descriptions }, resource, version);
      }
      const families = await own.families(countsOf(encoder, snapshot), snapshot);
      const { samples, body } = encoder.encode(snapshot, families, BigInt(Date.now()) * 1_000_000n);
      return [{ samples, body: await compress(body) }];
    },
  };
}

function countsOf(encoder: { prepare(snapshot: Snapshot): ExportCounts }, snapshot: Snapshot | null) {
  return snapshot === null ? null : encoder.prepare(snapshot);
}
