import { afterEach, describe, expect, it } from 'vitest';
import {
  RezolusError,
  type SamplerDefinition,
  SamplerRegistry,
  SamplerSet,
  type SamplerSettings,
  silentLogger,
} from '../src/index.ts';
import { definition, noBpf, plugin } from './fakes.ts';

const open: SamplerSet[] = [];
afterEach(async () => {
  for (const set of open.splice(0)) await set[Symbol.asyncDispose]();
});

interface Given {
  readonly definitions: readonly SamplerDefinition[];
  readonly settings?: Readonly<Record<string, Partial<SamplerSettings>>>;
  readonly builtIn?: boolean;
  readonly version?: string;
}

function planOf(...plugins: readonly Given[]) {
  const registry = new SamplerRegistry();
  for (const [index, { definitions, builtIn = true, version = '1.0.0' }] of plugins.entries()) {
    const names = definitions.map(({ name }) => name);
    const registrar = registry.for(plugin(`p${index}`, names, { builtIn, version }));
    for (const each of definitions) registrar.add(each);
  }
  const settings = Object.assign({}, ...plugins.map((given) => given.settings ?? {}));
  return {
    ...registry.resolve(),
    settings: ({ definition: { name } }: { definition: { name: string } }): SamplerSettings => ({
      enabled: true,
      options: {},
      ...settings[name],
    }),
  };
}

async function start(...plugins: readonly Given[]): Promise<SamplerSet> {
  const set = await SamplerSet.start({
    ...planOf(...plugins),
    possibleCpus: 1,
    bpf: () => noBpf,
    logger: () => silentLogger,
  });
  open.push(set);
  return set;
}

/** The counters of each sampler: how often it was refreshed since it was created. */
async function counts(set: SamplerSet): Promise<Record<string, number>> {
  await set.refresh();
  return Object.fromEntries(
    set.groups().map(({ name, counters }) => [name.split('/')[0], Number(counters[0])]),
  );
}

describe('SamplerSet.apply', () => {
  it('starts what is new, stops what is gone and leaves the others as they are', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => definition(name)) as [
      SamplerDefinition,
      ...SamplerDefinition[],
    ];
    const set = await start({ definitions: [a, b!] });
    await set.refresh();
    const kept = set.groups().find(({ name }) => name === 'a/main');
    await set.apply(planOf({ definitions: [a, c!] }));
    expect(await counts(set)).toEqual({ a: 2, c: 1 });
    expect(set.groups().find(({ name }) => name === 'a/main')).toBe(kept);
  });

  it('switches samplers on and off, and starts one anew whose options changed', async () => {
    const given = { definitions: ['a', 'b', 'c'].map((name) => definition(name)) };
    const set = await start({ ...given, settings: { b: { enabled: false } } });
    await set.refresh();
    await set.apply(
      planOf({ ...given, settings: { c: { enabled: false }, a: { options: { per_device: true } } } }),
    );
    expect(await counts(set)).toEqual({ a: 1, b: 1 });
    expect(set.status().map(({ name, state }) => [name, state])).toEqual([
      ['a', 'active'],
      ['b', 'active'],
      ['c', 'disabled'],
    ]);
  });

  it('gives every series a name of its own, however often samplers come and go', async () => {
    const set = await start({ definitions: [definition('a'), definition('b')] });
    await set.apply(planOf({ definitions: [definition('b'), definition('c')] }));
    await set.apply(planOf({ definitions: [definition('a'), definition('b'), definition('c')] }));
    await set.refresh();
    const names = set.groups().flatMap(({ schema }) => schema.counters.map(({ name }) => name));
    expect(new Set(names).size).toBe(3);
  });

  it("starts the samplers of a third party's plugin anew together", async () => {
    const foreign = { definitions: [definition('x'), definition('y')], builtIn: false };
    const own = { definitions: [definition('a')] };
    const set = await start(own, foreign);
    await set.refresh();
    await set.apply(planOf(own, { ...foreign, settings: { y: { options: { size: 2 } } } }));
    expect(await counts(set)).toEqual({ a: 2, x: 1, y: 1 });
    await set.apply(planOf(own, { ...foreign, settings: { y: { options: { size: 2 } } }, version: '1.0.1' }));
    expect(await counts(set)).toEqual({ a: 3, x: 1, y: 1 });
  });

  it('disposes a shared resource with the last sampler that uses it', async () => {
    const events: string[] = [];
    const sharing = (name: string) =>
      definition(name, async (context, counting) => {
        await context.shared('object', () => ({ [Symbol.dispose]: () => events.push('closed') }));
        return { ...counting, [Symbol.asyncDispose]: async () => void events.push(name) };
      });
    const [a, b] = [sharing('a'), sharing('b')];
    const set = await start({ definitions: [a, b] });
    await set.apply(planOf({ definitions: [b] }));
    expect(events).toEqual(['a']);
    await set.apply(planOf({ definitions: [] }));
    expect(events).toEqual(['a', 'b', 'closed']);
  });

  it('waits for a refresh that is under way before it disposes the sampler', async () => {
    const events: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = definition('slow', (_, counting) => ({
      ...counting,
      refresh: () => promise.then(() => void events.push('refreshed')),
      [Symbol.asyncDispose]: async () => void events.push('disposed'),
    }));
    const set = await start({ definitions: [slow] });
    const refreshing = set.refresh();
    const applying = set.apply(planOf({ definitions: [] }));
    resolve();
    await Promise.all([refreshing, applying]);
    expect(events).toEqual(['refreshed', 'disposed']);
    expect(set.groups()).toEqual([]);
  });

  it('tries again what did not start before', async () => {
    let there = false;
    const needy = definition('needy', (_, counting) => {
      if (!there) throw new Error('not there yet');
      return counting;
    });
    const set = await start({ definitions: [needy] });
    expect(set.status()[0]).toMatchObject({ state: 'failed' });
    there = true;
    await set.apply(planOf({ definitions: [needy] }));
    expect(set.status()[0]).toMatchObject({ state: 'active' });
  });

  it('sheds a sampler for a reason, and tries it again with the next plan', async () => {
    const given = { definitions: [definition('a'), definition('b')] };
    const set = await start(given);
    await set.shed('a', new RezolusError('REZ_ERR_PLUGIN_LIMIT', 'a costs too much'));
    expect(await counts(set)).toEqual({ b: 1 });
    expect(set.status()[0]).toEqual({
      name: 'a',
      plugin: 'p0',
      state: 'failed',
      code: 'REZ_ERR_PLUGIN_LIMIT',
      error: 'a costs too much',
    });
    await set.apply(planOf(given));
    expect(await counts(set)).toEqual({ a: 1, b: 2 });
  });

  it('starts those anew that share something with a sampler that is shed, without it', async () => {
    const opened: string[][] = [];
    const sharing = (name: string) =>
      definition(name, async (context, counting) => {
        await context.shared('object', () => {
          opened.push([...context.enabled.keys()]);
          return { [Symbol.dispose]: () => {} };
        });
        return counting;
      });
    const set = await start({ definitions: [sharing('a'), sharing('b'), sharing('c'), definition('d')] });
    await set.refresh();
    expect(set.sharers('a')).toEqual(['a', 'b', 'c']);
    expect(set.sharers('d')).toEqual(['d']);
    await set.shed('b', new RezolusError('REZ_ERR_PLUGIN_LIMIT', 'b costs too much'));
    expect(opened).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'c', 'd'],
    ]);
    expect(await counts(set)).toEqual({ a: 1, c: 1, d: 2 });
    expect(set.sharers('b')).toEqual([]);
    await set.shed('a', new RezolusError('REZ_ERR_PLUGIN_LIMIT', 'a costs too much'));
    expect(opened.at(-1)).toEqual(['c', 'd']);
  });
});
