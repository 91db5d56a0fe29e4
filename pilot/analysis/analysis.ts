import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../../kit/problem.ts';
import { formatKey } from '../api/kinds.ts';
import type { ConfigResource, ObjectKey } from '../api/resource.ts';
import type { RegisteredService } from '../model/service.ts';
import { type Analyzer, type Finding, nameOf } from './analyzer.ts';
import { analyzers } from './analyzers.ts';
import { infoOf } from './codes.ts';
import { Facts, type Kind } from './facts.ts';
import { type AnalyzedChange, MeshIndex } from './index-of-mesh.ts';

/** Kubernetes-style mark on an object: codes, separated by commas, that are not to be said of it; * for all. */
export const suppressAnnotation = 'galley.istio.io/analyze-suppress';

/** A write is not to wait for thousands of others; status, log and `cmesh analyze` leave none out. */
const mostPreviewed = 100;

interface Result {
  readonly problems: readonly Problem[];
  /** Topics that the result depends on. */
  readonly topics: ReadonlySet<string>;
}

/**
 * What is wrong with the resources of a mesh among themselves. It is a function of the resources and services alone;
 * what it remembers only saves work: a change costs the resources whose topics it touches.
 */
export class Analysis {
  readonly #index: MeshIndex;
  readonly #byKind: ReadonlyMap<Kind, readonly Analyzer[]>;
  readonly #results = new Map<string, Result>();
  readonly #readers = new Map<string, Set<string>>();
  readonly #stale = new Set<string>();
  /** Never looked at, so nobody knows yet what they depend on. */
  readonly #unseen = new Set<string>();
  /** Of the last preview; nothing has changed since. A write is what mostly follows, with the same result. */
  #foreseen: { readonly resource: ConfigResource; readonly result: Result } | undefined;

  /** `domain` is the one in which rules may use short names. */
  constructor(domain: string, chosen: readonly Analyzer[] = analyzers) {
    this.#index = new MeshIndex(domain);
    const kinds = new Set(chosen.flatMap((analyzer) => analyzer.kinds));
    this.#byKind = new Map(
      [...kinds].map((kind) => [kind, chosen.filter((one) => one.kinds.includes(kind))]),
    );
  }

  /** Takes the services of the registries. Until then no check says that a service is missing. */
  setServices(services: readonly RegisteredService[]): void {
    // Without them many checks were left out.
    if (this.#index.services === undefined) {
      for (const name of this.#index.resources.keys()) this.#stale.add(name);
    }
    this.#foreseen = undefined;
    this.#invalidate(this.#index.setServices(services));
  }

  change(change: AnalyzedChange): void {
    const key = formatKey(change.kind === 'put' ? change.resource.key : change.key);
    this.#invalidate(this.#index.apply(change));
    const foreseen = this.#foreseen;
    this.#foreseen = undefined;
    if (change.kind === 'remove') this.#forget(key);
    else if (foreseen !== undefined && saysTheSame(foreseen.resource, change.resource)) {
      this.#keep(key, foreseen.result);
    } else {
      this.#stale.add(key);
      if (!this.#results.has(key)) this.#unseen.add(key);
    }
  }

  /** Looks again at some of what a change has made uncertain; returns whether nothing is left. */
  settle(most = Infinity): boolean {
    let left = most;
    for (const name of this.#stale) {
      if (left === 0) return false;
      left -= 1;
      this.#refresh(name);
    }
    return true;
  }

  /** All that is wrong, by resource. */
  problems(): readonly Problem[] {
    this.settle();
    return [...this.#index.resources.keys()]
      .sort()
      .flatMap((key) => this.#results.get(key)?.problems ?? []);
  }

  /** What is wrong with one resource. The same list as long as nothing has changed for it. */
  problemsOf(key: ObjectKey): readonly Problem[] {
    return this.#problemsAt(formatKey(key));
  }

  /**
   * What a change would say: of the changed resource all, and of others what they would not have without it. Nothing
   * is changed. Of very many others, some are looked at.
   */
  preview(change: AnalyzedChange): Preview {
    const name = formatKey(change.kind === 'put' ? change.resource.key : change.key);
    for (const unseen of this.#unseen) this.#refresh(unseen);
    const others = this.#readersOf(this.#index.topicsOf(change))
      .filter((other) => other !== name)
      .slice(0, mostPreviewed);
    const known = others.map((other) => this.#problemsAt(other));
    return this.#index.suppose(change, () => ({
      own: change.kind === 'put' ? this.#foresee(change.resource) : [],
      caused: others.flatMap((other, index) => this.#newProblems(other, known[index] ?? [])),
    }));
  }

  #foresee(resource: ConfigResource): readonly Problem[] {
    const result = this.#analyze(resource);
    this.#foreseen = { resource, result };
    return result.problems;
  }

  #newProblems(name: string, before: readonly Problem[]): readonly Problem[] {
    const resource = this.#index.resources.get(name);
    if (resource === undefined) return [];
    const known = new Set(before.map(identify));
    return this.#analyze(resource).problems.filter((problem) => !known.has(identify(problem)));
  }

  #problemsAt(name: string): readonly Problem[] {
    if (this.#stale.has(name)) this.#refresh(name);
    return this.#results.get(name)?.problems ?? [];
  }

  #invalidate(topics: readonly string[]): void {
    for (const name of this.#readersOf(topics)) this.#stale.add(name);
  }

  #readersOf(topics: readonly string[]): readonly string[] {
    return [...new Set(topics.flatMap((topic) => [...(this.#readers.get(topic) ?? [])]))];
  }

  #refresh(name: string): void {
    const resource = this.#index.resources.get(name);
    if (resource === undefined) {
      this.#forget(name);
      return;
    }
    this.#keep(name, this.#analyze(resource));
  }

  #keep(name: string, result: Result): void {
    const before = this.#results.get(name);
    this.#forget(name);
    const isSame =
      before !== undefined && JSON.stringify(before.problems) === JSON.stringify(result.problems);
    this.#results.set(name, isSame ? { ...result, problems: before.problems } : result);
    for (const topic of result.topics) {
      const readers = this.#readers.get(topic);
      if (readers === undefined) this.#readers.set(topic, new Set([name]));
      else readers.add(name);
    }
  }

  #forget(name: string): void {
    for (const topic of this.#results.get(name)?.topics ?? []) {
      const readers = this.#readers.get(topic);
      readers?.delete(name);
      if (readers?.size === 0) this.#readers.delete(topic);
    }
    this.#results.delete(name);
    this.#stale.delete(name);
    this.#unseen.delete(name);
  }

  #analyze(resource: ConfigResource): Result {
    const topics = new Set<string>();
    const facts = new Facts(this.#index, (topic) => topics.add(topic));
    const problems = (this.#byKind.get(resource.kind) ?? []).flatMap((analyzer) =>
      [...analyzer.analyze(resource, facts)].map((finding) => toProblem(finding, resource)),
    );
    return { topics, problems: problems.filter(({ code }) => !isSuppressed(code, resource)) };
  }
}

/** Whether the analysis has no reason to tell one resource from another of its name. */
function saysTheSame(left: ConfigResource, right: ConfigResource): boolean {
  const [one, other] = [left, right].map(({ kind, key, spec, metadata }) => {
    const { labels, annotations, creationTimestamp } = metadata;
    return { kind, key, spec, labels, annotations, creationTimestamp };
  });
  return isDeepStrictEqual(one, other);
}

export interface Preview {
  /** Of the changed resource. */
  readonly own: readonly Problem[];
  /** Of others, because of the change. */
  readonly caused: readonly Problem[];
}

/** The problems of a set of resources; `services` are those of the registries, missing when nobody knows them. */
export function analyze(
  resources: readonly ConfigResource[],
  {
    domain,
    services,
  }: { readonly domain: string; readonly services?: readonly RegisteredService[] },
): readonly Problem[] {
  const analysis = new Analysis(domain);
  if (services !== undefined) analysis.setServices(services);
  for (const resource of resources) analysis.change({ kind: 'put', resource });
  return analysis.problems();
}

function toProblem({ code, severity, path, message }: Finding, resource: ConfigResource): Problem {
  return {
    code,
    severity: severity ?? infoOf(code).severity,
    resource: nameOf(resource),
    path,
    message,
  };
}

function isSuppressed(code: string, { metadata }: ConfigResource): boolean {
  const codes = metadata.annotations?.[suppressAnnotation]?.split(',').map((one) => one.trim());
  return codes?.some((one) => one === '*' || one === code) === true;
}

/** Problems are the same when they say the same at the same place. */
function identify({ code, path = '', message }: Problem): string {
  return [code, path, message].join('\0');
}
