import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open as openFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { RezolusError } from '@rezolus/core';
import { openRecording } from '@rezolus/recording';
import { runningFolder } from '@rezolus/recording/segments';
import { parseJson } from '../json.ts';
import type { NamedSource } from '../library.ts';
import { workerSource } from '../worker/worker-source.ts';
import type { ConvertReply } from './convert-process.ts';

const converter = new URL(`./convert-process${extname(import.meta.url)}`, import.meta.url);
/** Heap and time of a conversion. */
const heapMb = 1024;
const convertTimeoutMs = 120_000;

/**
 * openCaptures: what `input` stands for, ready to be shown: the URL of an agent, a recording, one that is still being
 * written, or a file that can be converted (.rez, raw snapshots, text of Prometheus), which may hold several recordings.
 * `httpConfigFile` has the credentials for agents. Throws RezolusError as the readers of each do.
 */
export async function openCaptures(
  input: string,
  alias?: string,
  httpConfigFile = '',
): Promise<NamedSource[]> {
  if (/^(https?:\/\/|unix:)/.test(input)) {
    return [{ source: await workerSource({ kind: 'live', url: input, httpConfigFile }), alias }];
  }
  const folder = await runningFolder(input);
  if (folder !== null) return [{ source: await workerSource({ kind: 'growing', folder }), alias }];
  const magic = await firstBytes(input);
  if (magic === null || isParquet(magic)) {
    return [{ source: await workerSource({ kind: 'file', path: input }), alias }];
  }
  const temporary = await mkdtemp(join(tmpdir(), 'rezolus-view-'));
  return openConverted(input, basename(input), temporary, alias);
}

/**
 * openUpload: the recordings in a file of somebody else, which is at `path` in a folder of its own; the folder is removed
 * when they are closed, or at once where there are none. Throws RezolusError REZ_ERR_RECORDING_FORMAT.
 */
export async function openUpload(path: string, name: string, folder: string): Promise<NamedSource[]> {
  if (!isParquet((await firstBytes(path)) ?? '')) return openConverted(path, name, folder, undefined);
  try {
    const released = () => rm(folder, { recursive: true, force: true });
    return [{ source: await workerSource({ kind: 'file', path, name }, { released }) }];
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function openConverted(
  path: string,
  name: string,
  folder: string,
  alias: string | undefined,
): Promise<NamedSource[]> {
  const opened: NamedSource[] = [];
  try {
    const paths = await convert(path, name, folder);
    const isOne = paths.length === 1;
    let left = paths.length;
    const released = async () => {
      if (--left === 0) await rm(folder, { recursive: true, force: true });
    };
    for (const [i, made] of paths.entries()) {
      const own = isOne ? name : `${name} ${await arm(made, i)}`;
      const source = await workerSource({ kind: 'file', path: made, name: own }, { released });
      opened.push({ source, alias: isOne ? alias : await arm(made, i) });
    }
    return opened;
  } catch (error) {
    await Promise.all(opened.map(({ source }) => source.close()));
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** arm: what tells a recording of an archive from the others. */
async function arm(path: string, i: number): Promise<string> {
  await using recording = await openRecording(path);
  const labels = parseJson(recording.metadata.get('labels')) ?? {};
  const { arm, host } = labels as { arm?: unknown; host?: unknown };
  return String(arm ?? host ?? i + 1);
}

/** Of an empty file its reader has more to say than a converter. */
const isParquet = (magic: string) => magic === 'PAR1' || magic === '';

async function firstBytes(path: string): Promise<string | null> {
  await using file = await openFile(path).catch(() => null);
  if (file === null || !(await file.stat()).isFile()) return null;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  return buffer.toString('latin1', 0, bytesRead);
}

async function convert(path: string, name: string, folder: string): Promise<readonly string[]> {
  const child = fork(converter, [path, folder], {
    execArgv: [`--max-old-space-size=${heapMb}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    timeout: convertTimeoutMs,
    killSignal: 'SIGKILL',
  });
  const answered = once(child, 'message') as Promise<[ConvertReply]>;
  const ended = once(child, 'exit').then((): [ConvertReply] => [
    { error: 'it is more than can be converted' },
  ]);
  const [reply] = await Promise.race([answered, ended]);
  if ('paths' in reply) return reply.paths;
  const reason = reply.error.replaceAll(path, name);
  const message = reason.includes(name) ? reason : `${name} is no recording: ${reason}`;
  throw new RezolusError('REZ_ERR_RECORDING_FORMAT', message);
}
