import { afterEach, describe, expect, it } from 'vitest';
import {
  RezolusError,
  type Sampler,
  type SamplerDefinition,
  SamplerRegistry,
  SamplerSet,
  type SamplerSetOptions,
  UnsupportedError,
} from '../src/index.ts';
import { definition, noBpf, plugin } from './fakes.ts';

const sets: SamplerSet[] = [];
const logged: string[] = [];
afterEach(async () => {
  logged.length = 0;
  for (const set of sets.splice(0)) await set[Symbol.asyncDispose]();
});

async function start(
  definitions: readonly SamplerDefinition[],
  options: Partial<SamplerSetOptions> = {},
): Promise<SamplerSet> {
  const registry = new SamplerRegistry();
  const names = definitions.map(({ name }) => name);
  for (const each of definitions) registry.for(plugin('p', names)).add(each);
  const log = (sampler: string) => (_: object, message: string) => logged.push(`${sampler}: ${message}`);
  const set = await SamplerSet.start({
    ...registry.resolve(),
    settings: () => ({ enabled: true, options: {} }),
    possibleCpus: 2,
    bpf: () => noBpf,
    logger: (sampler) => ({
      debug: log(sampler),
      info: log(sampler),
      warn: log(sampler),
      error: log(sampler),
    }),
    ...options,
  });
  sets.push(set);
  return set;
}

function states(set: SamplerSet): (string | undefined)[][] {
  return set.status().map(({ name, state, code, error }) => [name, state, code, error]);
}

describe('SamplerSet', () => {
  it('goes on without a sampler whose refresh does not end, and takes it back when it does', async () => {
    let end: () => void = () => {};
    let calls = 0;
    const stuck = definition('stuck', () => ({
      groups: [],
      refresh: () => {
        calls++;
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      },
    }));
    const set = await start([stuck, definition('good')], { refreshTimeoutMs: 5 });
    await set.refresh();
    expect(states(set).find(([name]) => name === 'stuck')).toEqual([
      'stuck',
      'failed',
      'REZ_ERR_SAMPLER_TIMEOUT',
      'stuck did not refresh within 5 ms',
    ]);
    await set.refresh();
    expect(calls).toBe(1);
    end();
    await new Promise((resolve) => setImmediate(resolve));
    const again = set.refresh();
    end();
    await again;
    expect(calls).toBe(2);
    expect(states(set).find(([name]) => name === 'stuck')).toEqual(['stuck', 'active', undefined, undefined]);
  });

  it('disposes a sampler that comes after its time', async () => {
    let finish: (sampler: Sampler) => void = () => {};
    const disposed = Promise.withResolvers<void>();
    const late = definition(
      'late',
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    const set = await start([late], { startTimeoutMs: 5 });
    expect(states(set)).toEqual([
      ['late', 'failed', 'REZ_ERR_SAMPLER_TIMEOUT', 'late did not start within 5 ms'],
    ]);
    finish({ groups: [], refresh() {}, [Symbol.asyncDispose]: async () => disposed.resolve() });
    await disposed.promise;
  });

  it('makes a status of each factory that throws and starts the others', async () => {
    const set = await start([
      definition('broken', () => {
        throw new Error('no luck', { cause: new Error('EIO') });
      }),
      definition('coded', () => {
        throw new RezolusError('REZ_ERR_BPF_LOAD', 'the verifier says no');
      }),
      definition('good'),
      definition('late', () => Promise.reject(new Error('rejected'))),
      definition('missing', () => {
        throw new UnsupportedError('pmu', 'no PMU here');
      }),
      definition('undeclared', (context, counting) => ({ ...counting, groups: [context.group('nope')] })),
    ]);
    expect(states(set)).toEqual([
      ['broken', 'failed', 'REZ_ERR_SAMPLER_START', 'no luck: EIO'],
      ['coded', 'failed', 'REZ_ERR_BPF_LOAD', 'the verifier says no'],
      ['good', 'active', undefined, undefined],
      ['late', 'failed', 'REZ_ERR_SAMPLER_START', 'rejected'],
      ['missing', 'disabled', 'REZ_ERR_UNSUPPORTED', 'no PMU here'],
      [
        'undeclared',
        'failed',
        'REZ_ERR_SAMPLER_DEFINITION',
        'undeclared asks for the group nope, which it does not declare',
      ],
    ]);
    await set.refresh();
    expect(set.groups().map(({ name }) => name)).toEqual(['good/main']);
  });

  it('leaves the groups of a sampler out while its refresh throws', async () => {
    let broken = true;
    const set = await start([
      definition('flaky', (_, counting) => ({
        ...counting,
        refresh: async () => {
          if (broken) throw new Error('read failed');
        },
      })),
      definition('good'),
    ]);
    await set.refresh();
    await set.refresh();
    expect(set.groups().map(({ name }) => name)).toEqual(['good/main']);
    expect(states(set)[0]).toEqual(['flaky', 'failed', undefined, 'read failed']);
    broken = false;
    await set.refresh();
    expect(set.groups().map(({ name }) => name)).toEqual(['flaky/main', 'good/main']);
    // One line when it breaks and one when it recovers, not one per refresh.
    expect(logged).toEqual(['flaky: refresh failed: read failed', 'flaky: sampler recovered']);
  });

  it('gives up on a factory that does not return', async () => {
    const set = await start([definition('good'), definition('stuck', () => new Promise(() => {}))], {
      startTimeoutMs: 20,
    });
    expect(states(set)).toEqual([
      ['good', 'active', undefined, undefined],
      ['stuck', 'failed', 'REZ_ERR_SAMPLER_TIMEOUT', 'stuck did not start within 20 ms'],
    ]);
  });

  it('disposes in reverse order, what samplers share after all of them, and aborts their signal', async () => {
    const events: string[] = [];
    const sharing = (name: string) =>
      definition(name, async (context, counting) => {
        await context.shared('object', () => ({ [Symbol.dispose]: () => events.push('shared') }));
        return {
          ...counting,
          [Symbol.asyncDispose]: async () => {
            events.push(`${name} ${context.signal.aborted}`);
          },
        };
      });
    const set = await start([sharing('a'), sharing('b'), sharing('c')]);
    await set[Symbol.asyncDispose]();
    expect(events).toEqual(['c true', 'b true', 'a true', 'shared']);
    expect(set.groups()).toEqual([]);
  });

  it('disposes the others where one cannot be', async () => {
    const events: string[] = [];
    const disposing = (name: string) =>
      definition(name, (_, counting) => ({
        ...counting,
        [Symbol.asyncDispose]: async () => {
          events.push(name);
          if (name === 'b') throw new Error('stuck map');
        },
      }));
    const set = await start(['a', 'b', 'c'].map(disposing));
    await expect(set[Symbol.asyncDispose]()).rejects.toThrow('stuck map');
    expect(events).toEqual(['c', 'b', 'a']);
  });

  it('opens what samplers share once, and tells each that asks when that failed', async () => {
    let opened = 0;
    const sharing = (name: string) =>
      definition(name, async (context, counting) => {
        await context.shared('object', async () => {
          opened++;
          throw new UnsupportedError('btf', 'no BTF');
        });
        return counting;
      });
    const set = await start([sharing('a'), sharing('b')]);
    expect(states(set).map(([name, state]) => [name, state])).toEqual([
      ['a', 'disabled'],
      ['b', 'disabled'],
    ]);
    expect(opened).toBe(1);
  });

  it('does not create a sampler that is switched off, and tells the others of its plugin', async () => {
    const seen: string[] = [];
    const set = await start(
      [
        definition('a', (context, counting) => {
          seen.push(...context.enabled.keys());
          return counting;
        }),
        definition('b', () => {
          throw new Error('created');
        }),
      ],
      { settings: ({ definition: { name } }) => ({ enabled: name === 'a', options: {} }) },
    );
    expect(states(set)).toEqual([
      ['a', 'active', undefined, undefined],
      ['b', 'disabled', undefined, undefined],
    ]);
    expect(seen).toEqual(['a']);
  });

  it('reports refused plugins beside the samplers', async () => {
    const error = new RezolusError('REZ_ERR_PLUGIN_ABI', 'x speaks ABI 9');
    const set = await start([definition('a')], { refusals: [{ plugin: 'x', sampler: 'x_sampler', error }] });
    expect(states(set)[1]).toEqual(['x_sampler', 'failed', 'REZ_ERR_PLUGIN_ABI', 'x speaks ABI 9']);
  });

  it('sums a report up as health', async () => {
    const program = { name: 'p', attached: false, expected: true, intent: { type: 'required' } } as const;
    const reporting = (name: string, ...verdicts: ('ok' | 'unsupported' | 'broken' | 'not_applicable')[]) =>
      definition(name, (_, counting) => ({
        ...counting,
        report: () => ({
          route: 'r',
          programs: verdicts.map((verdict) => ({ ...program, verdict })),
          drops: { full: 1 },
        }),
      }));
    const set = await start([
      reporting('a', 'ok', 'not_applicable'),
      reporting('b', 'ok', 'unsupported'),
      reporting('c', 'unsupported', 'broken'),
    ]);
    expect(set.status().map(({ health }) => health)).toEqual(['healthy', 'unsupported', 'degraded']);
    expect(set.status()[0]).toMatchObject({ route: 'r', drops: { full: 1 }, plugin: 'p' });
  });
});
