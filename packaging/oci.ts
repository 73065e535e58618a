import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { architecture, buildTime, version } from './workspace.ts';

/** What Node, koffi and libbpf are linked with, and the certificates that a TLS client trusts. */
const basePackages = ['base-files', 'ca-certificates', 'libbpf1', 'libc6', 'libgcc-s1', 'libstdc++6'];

/** Fixed order, times and owners: the same tree gives the same bytes. */
const tarOptions = ['--sort=name', `--mtime=@${buildTime}`, '--owner=0', '--group=0', '--numeric-owner'];

/** Descriptor: how one blob of an image refers to another (https://github.com/opencontainers/image-spec, descriptor.md). */
interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/**
 * buildOci: packs the tree as an OCI image into the folder, as a tar archive of an OCI layout, and returns its path. Its
 * layers are what the programs need of Debian 12, extracted by mmdebstrap, and the tree.
 */
export function buildOci(tree: string, folder: string): string {
  const path = resolve(folder, `rezolus-${version}-oci.tar`);
  const work = mkdtempSync(resolve(folder, '.oci-'));
  const layout = join(work, 'layout');
  try {
    mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
    const layers = [baseLayer(work), treeLayer(work, tree)];
    const blob = (mediaType: string, content: Buffer): Descriptor => {
      const hash = sha256(content);
      writeFileSync(join(layout, 'blobs/sha256', hash), content);
      return { mediaType, digest: `sha256:${hash}`, size: content.length };
    };
    const object = (kind: string, value: object) =>
      blob(`application/vnd.oci.image.${kind}+json`, Buffer.from(JSON.stringify(value)));
    const manifest = object('manifest.v1', {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: object('config.v1', imageConfig(layers.map((layer) => `sha256:${sha256(layer)}`))),
      layers: layers.map((layer) =>
        blob('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(layer, { level: 6 })),
      ),
    });
    const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': `rezolus:${version}` } };
    writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
    writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    execFileSync('tar', [...tarOptions, '-cf', path, '-C', layout, 'blobs', 'index.json', 'oci-layout']);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return path;
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

function baseLayer(work: string): Buffer {
  const path = join(work, 'base.tar');
  const unwanted = [
    'usr/share/doc',
    'usr/share/locale',
    'usr/share/man',
    'usr/lib/*/gconv',
    'etc/apt',
    'var/lib/apt',
  ];
  const options = [
    '--quiet',
    '--format=tar',
    '--variant=extract',
    `--include=${basePackages.join(',')}`,
    `--customize-hook=cd "$1" && rm -rf ${unwanted.join(' ')}`,
    // Debian makes one file of all certificates when the package is configured, which nothing does here.
    '--customize-hook=cd "$1" && mkdir -p etc/ssl/certs && cat usr/share/ca-certificates/*/*.crt >etc/ssl/certs/ca-certificates.crt',
  ];
  execFileSync('mmdebstrap', [...options, 'bookworm', path], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(buildTime) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return readFileSync(path);
}

function treeLayer(work: string, tree: string): Buffer {
  const users = join(work, 'users/etc');
  mkdirSync(users, { recursive: true });
  writeFileSync(join(users, 'passwd'), 'root:x:0:0:root:/root:/sbin/nologin\n');
  writeFileSync(join(users, 'group'), 'root:x:0:\n');
  const path = join(work, 'tree.tar');
  execFileSync('tar', [
    ...[...tarOptions, '-cf', path, '--exclude=./usr/share/man', '--exclude=./usr/lib/systemd'],
    ...['-C', resolve(tree), '.', '-C', join(work, 'users'), './etc/passwd', './etc/group'],
  ]);
  return readFileSync(path);
}

/** The configuration of the image (image-spec, config.md): the agent unless another command is given. */
function imageConfig(diffIds: readonly string[]): object {
  const created = new Date(buildTime * 1000).toISOString();
  return {
    created,
    architecture,
    os: 'linux',
    config: {
      Entrypoint: ['/usr/bin/rezolus'],
      Cmd: ['agent', '/etc/rezolus/agent.toml'],
      Env: ['PATH=/usr/bin:/bin', 'HOME=/root'],
      ExposedPorts: { '4241/tcp': {} },
      StopSignal: 'SIGTERM',
      Labels: { 'org.opencontainers.image.title': 'rezolus', 'org.opencontainers.image.version': version },
    },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map((_, index) => ({ created, created_by: index === 0 ? 'mmdebstrap' : 'rezolus' })),
  };
}
