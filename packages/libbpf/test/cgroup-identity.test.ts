import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { identityOf } from '../src/cgroup-identity.ts';
import { findCgroupMount } from '../src/cgroup-path.ts';
import { ContainerDirectory } from '../src/container-names.ts';

const id = '4f'.repeat(32);
const uid = '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';

describe('identityOf', () => {
  it.each([
    ['/', {}],
    ['/system.slice/nginx.service', { systemd_unit: 'nginx.service' }],
    ['/system.slice/dev-disk-by\\x2dlabel-x.swap', { systemd_unit: 'dev-disk-by-label-x.swap' }],
    ['/user.slice/user-1000.slice/session-3.scope', { systemd_unit: 'session-3.scope' }],
    [`/docker/${id}`, { container_id: id, container_runtime: 'docker' }],
    [`/system.slice/docker-${id}.scope`, { container_id: id, container_runtime: 'docker' }],
    [`/machine.slice/libpod-${id}.scope/container`, { container_id: id, container_runtime: 'podman' }],
    [
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice/cri-containerd-${id}.scope`,
      { pod_uid: uid, container_id: id, container_runtime: 'containerd' },
    ],
    [`/kubepods/besteffort/pod${uid}/${id}`, { pod_uid: uid, container_id: id }],
    [
      `/kubepods.slice/kubepods-pod${uid.replaceAll('-', '_')}.slice/crio-${id}.scope`,
      { pod_uid: uid, container_id: id, container_runtime: 'cri-o' },
    ],
    [
      `/system.slice/docker-${id}.scope/init.scope/system.slice/cron.service`,
      { container_id: id, container_runtime: 'docker', systemd_unit: 'cron.service' },
    ],
    ['/poderosa/deadbeef', {}],
    [`/a/${'f'.repeat(63)}`, {}],
  ])('%s', (path, identity) => {
    expect(identityOf(path)).toEqual(identity);
  });
});

describe('ContainerDirectory', () => {
  const root = mkdtempSync(join(tmpdir(), 'rezolus-containers-'));
  afterAll(() => rmSync(root, { recursive: true }));
  const folder = (path: string) => {
    mkdirSync(join(root, path), { recursive: true });
    return join(root, path);
  };

  it("finds names in the kubelet's, docker's and podman's files", () => {
    const [kube, docker, podman] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [
      string,
      string,
      string,
    ];
    symlinkSync('/nowhere', join(folder('var/log/containers'), `web-7d9_shop_nginx-side-car-${kube}.log`));
    writeFileSync(join(folder(`var/lib/docker/containers/${docker}`), 'config.v2.json'), '{"Name":"/db"}');
    writeFileSync(
      join(folder('var/lib/containers/storage/overlay-containers'), 'containers.json'),
      JSON.stringify([{ id: podman, names: ['cache'] }]),
    );
    const directory = new ContainerDirectory(root);
    expect(directory.labels(kube)).toEqual({
      pod: 'web-7d9',
      namespace: 'shop',
      container: 'nginx-side-car',
    });
    expect(directory.labels(docker)).toEqual({ container: 'db' });
    expect(directory.labels(podman)).toEqual({ container: 'cache' });
    expect(directory.labels('4'.repeat(64))).toEqual({});
  });

  it('takes a damaged file for no name', () => {
    const broken = '5'.repeat(64);
    writeFileSync(join(folder(`var/lib/docker/containers/${broken}`), 'config.v2.json'), '{"Name":');
    expect(new ContainerDirectory(root).labels(broken)).toEqual({});
  });
});

describe('findCgroupMount', () => {
  const v1 = '30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct';
  const v2 = '29 25 0:25 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw';
  const other = '31 25 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset';

  it("takes v1's hierarchy of the cpu controller before the unified one", () => {
    expect(findCgroupMount([v2, other, v1].join('\n'))).toEqual({
      path: '/sys/fs/cgroup/cpu,cpuacct',
      version: 1,
    });
    expect(findCgroupMount([other, v2].join('\n'))).toEqual({ path: '/sys/fs/cgroup/unified', version: 2 });
    expect(findCgroupMount(other)).toBeNull();
  });
});
