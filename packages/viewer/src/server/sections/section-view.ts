import type { Engine, Source } from '@rezolus/query';
import type { Plot, Section, SectionSummary } from '../../contract.ts';
import { type Availability, availabilityOf } from './availability.ts';

/** SectionView: the sections as one source can fill them. Looked up anew whenever the series of the source changed. */
export class SectionView {
  readonly #documents: readonly Section[];
  readonly #engine: Pick<Engine, 'seriesMatching'>;
  readonly #source: Source;
  readonly #lookups = new Map<string, ReturnType<typeof availabilityOf>>();
  readonly #known = new Map<string, Availability>();
  #generation = Number.NaN;

  constructor(documents: readonly Section[], engine: Pick<Engine, 'seriesMatching'>, source: Source) {
    this.#documents = documents;
    this.#engine = engine;
    this.#source = source;
  }

  /** summaries: the entries of the navigation. */
  summaries(): SectionSummary[] {
    return this.#documents.flatMap((document) => {
      const { id, name, optional, groups, empty } = this.#fill(document);
      const plots = plotsOf(groups).length;
      const available = plots - Object.keys(empty ?? {}).length;
      return optional && available === 0 ? [] : [{ id, name, plots, available }];
    });
  }

  /** section: the section of that id with what is empty in it, null where there is none. */
  section(id: string): Section | null {
    const document = this.#documents.find((one) => one.id === id);
    return document === undefined ? null : this.#fill(document);
  }

  #fill({ groups, ...section }: Section): Section {
    const shown = groups.map((group) => ({
      ...group,
      subgroups: group.subgroups.map((subgroup) => ({
        ...subgroup,
        plots: subgroup.plots.filter((plot) => !this.#isRedundant(plot)),
      })),
    }));
    const empty = plotsOf(shown).flatMap((plot) => {
      const { missing } = this.#availability(plot.query);
      return missing === null ? [] : [[plot.id, missing] as const];
    });
    return { ...section, groups: shown, empty: Object.fromEntries(empty) };
  }

  /** isRedundant: whether a plot per device would repeat the one of their sum. */
  #isRedundant({ query, multiDeviceOnly = false }: Plot): boolean {
    return multiDeviceOnly && this.#availability(query).members === 1;
  }

  #availability(query: string): Availability {
    if (this.#generation !== this.#source.generation) {
      this.#known.clear();
      this.#generation = this.#source.generation;
    }
    let known = this.#known.get(query);
    if (known === undefined) {
      const lookUp = this.#lookups.get(query) ?? availabilityOf(query);
      this.#lookups.set(query, lookUp);
      known = lookUp(this.#engine);
      this.#known.set(query, known);
    }
    return known;
  }
}

function plotsOf(groups: Section['groups']): Plot[] {
  return groups.flatMap((group) => group.subgroups.flatMap((subgroup) => subgroup.plots));
}
