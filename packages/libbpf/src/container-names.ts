import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** ContainerNames: what people call a container. */
export interface ContainerLabels {
  readonly container?: string;
  readonly pod?: string;
  readonly namespace?: string;
}

const limit = 10_000;

/**
 * ContainerDirectory: finds the names of containers in the files that runtimes keep: the kubelet's links in
 * /var/log/containers, docker's config.v2.json, podman's containers.json. No daemon is asked. A missing or damaged file
 * means no name.
 */
export class ContainerDirectory {
  readonly #root: string;
  readonly #known = new Map<string, ContainerLabels>();

  constructor(root = '/') {
    this.#root = root;
  }

  /** labels: the names of the container with this id, kept once they are found. */
  labels(id: string): ContainerLabels {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const found = this.#kubelet(id) ?? this.#docker(id) ?? this.#podman(id);
    if (found === null) return {};
    if (this.#known.size >= limit) this.#known.clear();
    this.#known.set(id, found);
    return found;
  }

  /** Links are named `<pod>_<namespace>_<container>-<id>.log`. */
  #kubelet(id: string): ContainerLabels | null {
    const names = attempt(() => readdirSync(join(this.#root, 'var/log/containers'))) ?? [];
    const name = names.find((entry) => entry.endsWith(`-${id}.log`));
    const match = name === undefined ? null : /^([^_]+)_([^_]+)_(.+)-[0-9a-f]+\.log$/.exec(name);
    return match === null ? null : { pod: match[1]!, namespace: match[2]!, container: match[3]! };
  }

  #docker(id: string): ContainerLabels | null {
    const path = join(this.#root, 'var/lib/docker/containers', id, 'config.v2.json');
    const name = attempt(() => (JSON.parse(readFileSync(path, 'utf8')) as { Name?: unknown }).Name);
    return typeof name === 'string' ? { container: name.replace(/^\//, '') } : null;
  }

  #podman(id: string): ContainerLabels | null {
    const path = join(this.#root, 'var/lib/containers/storage/overlay-containers/containers.json');
    const list = attempt(() => JSON.parse(readFileSync(path, 'utf8')) as { id?: unknown; names?: unknown }[]);
    const names = Array.isArray(list) ? list.find((entry) => entry?.id === id)?.names : undefined;
    const name = Array.isArray(names) ? names[0] : undefined;
    return typeof name === 'string' ? { container: name } : null;
  }
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
