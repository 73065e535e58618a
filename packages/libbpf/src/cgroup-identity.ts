/** CgroupIdentity: whose cgroup it is, as labels; what the path does not say is left out. */
export interface CgroupIdentity {
  /** The innermost systemd unit, e.g. `nginx.service`; escapes of systemd are undone. */
  readonly systemd_unit?: string;
  /** Full id of the container. */
  readonly container_id?: string;
  /** docker, podman, containerd, cri-o, … as the path names it. */
  readonly container_runtime?: string;
  /** Uid of the Kubernetes pod, with dashes. */
  readonly pod_uid?: string;
}

const hexId = /(?:^|[-:])([0-9a-f]{64}|[0-9a-f]{32}-[0-9]+)(?:\.scope)?$/;
const podUid =
  /(?:^|[-/])pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$/;
const runtimes: Readonly<Record<string, string>> = {
  docker: 'docker',
  libpod: 'podman',
  crio: 'cri-o',
  'cri-containerd': 'containerd',
  containerd: 'containerd',
  lxc: 'lxc',
};

/**
 * identityOf: reads the path of a cgroup as systemd, docker, podman, containerd, CRI-O and the kubelet make them, with
 * either cgroup driver. Sources: systemd.unit(5) for names and escapes; the runtimes' own path schemes.
 */
export function identityOf(path: string): CgroupIdentity {
  const identity: { -readonly [K in keyof CgroupIdentity]: CgroupIdentity[K] } = {};
  const parts = path.split('/').filter((part) => part !== '');
  for (const [index, part] of parts.entries()) {
    const pod = podUid.exec(part);
    if (pod !== null) identity.pod_uid = dashed(pod[1]!);
    const container = hexId.exec(part);
    // Sub-cgroups of a container (its own systemd, say) belong to it: the outermost id counts.
    if (container !== null && identity.container_id === undefined) {
      identity.container_id = container[1]!;
      const runtime = runtimeOf(part.slice(0, container.index), parts[index - 1]);
      if (runtime !== undefined) identity.container_runtime = runtime;
    }
    if (/\.(service|scope|mount|socket|swap)$/.test(part) && container === null)
      identity.systemd_unit = unescapeUnit(part);
  }
  return identity;
}

/** `docker-<id>.scope`, `cri-containerd:<id>`, or a bare id below a folder that names the runtime. */
function runtimeOf(prefix: string, parent: string | undefined): string | undefined {
  return runtimes[prefix === '' ? (parent ?? '') : prefix];
}

function dashed(uid: string): string {
  const hex = uid.replace(/[-_]/g, '');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** systemd writes bytes that a unit name may not have as `\xHH`. */
function unescapeUnit(unit: string): string {
  return unit.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
