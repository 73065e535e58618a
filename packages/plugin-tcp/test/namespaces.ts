import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** ip: runs ip(8) and returns what it prints. Throws where it fails or is missing. */
export function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Program: a Node program in a namespace; it talks in lines. */
export interface Program {
  /** line: the next line that it prints. */
  line(): Promise<string>;
  tell(text: string): void;
}

/** Namespace: a network namespace of the test's own. Disposing ends its programs and removes it. */
export class Namespace implements Disposable {
  readonly name: string;
  readonly #children: ChildProcess[] = [];

  constructor(name: string) {
    ip('netns', 'add', name);
    this.name = name;
    this.ip('link', 'set', 'lo', 'up');
  }

  /** join: a veth pair, called `veth` on both ends, with the addresses `near` and `far` (with prefix length). */
  join(other: Namespace, near: string, far: string): void {
    this.ip('link', 'add', 'veth', 'type', 'veth', 'peer', 'veth', 'netns', other.name);
    for (const [end, address] of [[this, near] as const, [other, far] as const]) {
      end.ip('address', 'add', address, 'dev', 'veth');
      end.ip('link', 'set', 'veth', 'up');
    }
  }

  ip(...args: readonly string[]): string {
    return ip('-n', this.name, ...args);
  }

  /** run: what a command prints when run inside. */
  run(...command: readonly string[]): string {
    return ip('netns', 'exec', this.name, ...command);
  }

  /** snmp: a counter of /proc/net/snmp inside. */
  snmp(protocol: string, counter: string): number {
    return snmpCounter(this.run('cat', '/proc/net/snmp'), protocol, counter);
  }

  /** start: a Node program inside, given as source text. */
  start(source: string, ...args: readonly (string | number)[]): Program {
    const command = ['netns', 'exec', this.name, process.execPath, '-e', source, ...args.map(String)];
    const child = spawn('ip', command, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      line: async () => (await lines.next()).value ?? '',
      tell: (text) => child.stdin.write(`${text}\n`),
    };
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
    ip('netns', 'del', this.name);
  }
}

/** snmpCounter: a counter of the text of /proc/net/snmp. */
export function snmpCounter(text: string, protocol: string, counter: string): number {
  const [names, values] = text
    .split('\n')
    .filter((line) => line.startsWith(`${protocol}: `))
    .map((line) => line.split(' '));
  return Number(values![names!.indexOf(counter)]);
}

/** hasNamespaces: why this machine cannot make a joined pair of namespaces, or null where it can. */
export function lackOfNamespaces(): string | null {
  try {
    using near = new Namespace('rez-test-try-near');
    using far = new Namespace('rez-test-try-far');
    near.join(far, '10.77.0.1/24', '10.77.0.2/24');
    return null;
  } catch (error) {
    return `no joined network namespaces to be had: ${(error as Error).message.trim()}`;
  }
}
