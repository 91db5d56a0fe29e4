import type { Closer } from '../kit/lifecycle.ts';
import { OperationError } from '../kit/errors.ts';
import type { Problem } from '../kit/problem.ts';
import { forEachConcurrently } from '../kit/concurrent.ts';
import { provideEnvoy } from '../toolchain/envoy.ts';
import type { Behaviour } from './mesh/backend.ts';
import { type Coverage, type Reached, coverRules } from './coverage/coverage.ts';
import { explain } from './explain/explain.ts';
import type { Explanation } from './explain/explanation.ts';
import { type MeshOptions, type Rules, readRules, readServices } from './mesh-options.ts';
import type { Caller } from './mesh/mesh-under-test.ts';
import type { Arrival, Observation, TestRequest } from './mesh/observation.ts';
import { OfflineMesh } from './mesh/offline-mesh.ts';
import { type FilePlace, type RuleFiles, placeOfRule, placeProblem } from './files/rule-files.ts';
import type { TestService } from './mesh/service.ts';
import { findTarget, knownServices } from './mesh/targets.ts';

/** What a request may have besides its URL. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds after which the caller gives up. Default 20,000. */
  readonly timeout?: number;
  /**
   * What a backend does with the request instead of answering with 200; `earlier` is how often this request has come
   * to it before.
   */
  readonly answer?: (arrival: Arrival, earlier: number) => Behaviour | undefined;
}

/** All that was seen of one request. */
export interface Result {
  /** 0 when nobody answered, and for byte streams. */
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds. */
  readonly took: number;
  /** Why there is no answer. */
  readonly error?: string;
  /** Who answered; absent when no backend did. */
  readonly service?: string;
  readonly version?: string;
  readonly workload?: string;
  /** The request as that backend got it. */
  readonly received?: Arrival['request'];
  /** The rule that decided; absent when none is about the request. */
  readonly rule?: DecidingRule;
  /** How often the request was sent to some backend. */
  readonly attempts: number;
  /** Envoy's words for what went wrong, such as UH: no healthy host. */
  readonly flags: readonly string[];
  /** Everybody who got it, in order; copies (`mirrored`) may still be added after the answer. */
  readonly arrivals: readonly Arrival[];
  readonly observation: Observation;
}

export interface DecidingRule {
  /** Such as `VirtualService default/reviews`. */
  readonly object: string;
  /** Such as `spec.http[0].match[1]`. */
  readonly path: string;
  /** Name of the route. */
  readonly name?: string;
  readonly place?: FilePlace;
}

/** Sends requests as one workload of the mesh. */
export interface MeshCaller {
  readonly get: (url: string, options?: RequestOptions) => Promise<Result>;
  readonly post: (url: string, options?: RequestOptions) => Promise<Result>;
  readonly request: (method: string, url: string, options?: RequestOptions) => Promise<Result>;
  /** The same request `count` times, several at once: what `assertSplit` judges. */
  readonly repeat: (
    count: number,
    url: string,
    options?: RequestOptions,
  ) => Promise<readonly Result[]>;
  /** Opens a byte stream to `tcp://HOST:PORT`, sends some bytes and waits for as many. */
  readonly connect: (url: string, options?: Pick<RequestOptions, 'timeout'>) => Promise<Result>;
  /** What the mesh does with a request and why, as `cmesh explain` prints it. */
  readonly explain: (url: string, options?: RequestOptions) => Promise<Explanation>;
}

/**
 * Starts a mesh to try rules in: pilot in this process, a real Envoy for each kind of caller, and a backend on
 * 127.0.0.1 for each version of each service. Throws OperationError when the services or rules have mistakes, or
 * Envoy cannot be had. The Envoys end with `close`, and with this process.
 */
export async function startMesh(options: MeshOptions): Promise<StartedMesh> {
  const { folder = process.cwd(), rules = [] } = options;
  const [services, files, envoy] = await Promise.all([
    readServices(options.services, folder),
    readRules(rules, folder),
    options.envoy ?? provideEnvoy({ env: process.env }),
  ]);
  const mesh = await OfflineMesh.start({ envoy, services, rules: files.resources });
  return new StartedMesh(mesh, { services, rules: files, folder });
}

/** A mesh that `startMesh` has started. */
export class StartedMesh implements Closer {
  readonly #mesh: OfflineMesh;
  readonly #services: readonly TestService[];
  readonly #folder: string;
  #rules: RuleFiles;
  #reached: Reached[] = [];

  /** @internal */
  constructor(
    mesh: OfflineMesh,
    {
      services,
      rules,
      folder,
    }: {
      readonly services: readonly TestService[];
      readonly rules: RuleFiles;
      readonly folder: string;
    },
  ) {
    this.#mesh = mesh;
    this.#services = services;
    this.#rules = rules;
    this.#folder = folder;
  }

  /** What is doubtful in the rules, such as a subset that no DestinationRule has, with file, line and column. */
  get problems(): readonly Problem[] {
    const own = this.#mesh.problems.map((problem) => placeProblem(this.#rules, problem));
    return [...this.#rules.problems, ...own];
  }

  /**
   * Calls as a workload: a service (its first version), SERVICE/VERSION, or the name of a workload. `labels` are added
   * to its own. Throws OperationError `E_CALLER` when there is none.
   */
  from(workload: string, labels: Readonly<Record<string, string>> = {}): MeshCaller {
    const caller = this.#findCaller(workload, labels);
    const request = (method: string, url: string, options: RequestOptions = {}): Promise<Result> =>
      this.#send(caller, { method, url }, options);
    return {
      request,
      get: (url, options) => request('GET', url, options),
      post: (url, options) => request('POST', url, options),
      connect: (url, options) => request('', url, options),
      repeat: async (count, url, options) => {
        const results: Result[] = [];
        await forEachConcurrently(
          Array.from({ length: count }),
          this.#mesh.concurrency,
          async () => {
            results.push(await request('GET', url, options));
          },
        );
        return results;
      },
      explain: (url, { headers = {} } = {}) =>
        explain(caller, { method: 'GET', url, headers }, { mesh: this.#mesh, rules: this.#rules }),
    };
  }

  /** Puts other rules in force, in the place of all there were, and waits until every proxy has them. */
  async use({ rules }: { readonly rules: Rules }): Promise<void> {
    const files = await readRules(rules, this.#folder);
    await this.#mesh.use(files.resources);
    this.#rules = files;
    this.#reached = [];
  }

  /** Which of the rules in force no request has reached yet. */
  coverage(): Coverage {
    return coverRules(this.#rules, this.#reached);
  }

  /** Ends the Envoys and the backends. */
  close(): Promise<void> {
    return this.#mesh.close();
  }

  #findCaller(text: string, labels: Readonly<Record<string, string>>): Caller {
    const found = findTarget(text, knownServices(this.#services, this.#rules.resources));
    if (!found.ok) throw new OperationError('E_CALLER', `${text}: ${found.advice}`);
    const { service, workload = service.workloads[0] } = found.target;
    return { workload: workload?.name ?? text, labels: { ...workload?.labels, ...labels } };
  }

  async #send(
    caller: Caller,
    { method, url }: { readonly method: string; readonly url: string },
    { headers = {}, body, timeout, answer }: RequestOptions,
  ): Promise<Result> {
    const request: TestRequest = { method, url, headers, ...(body === undefined ? {} : { body }) };
    const rules = this.#rules;
    const observation = await this.#mesh.call(caller, request, {
      ...(timeout === undefined ? {} : { timeout }),
      ...(answer === undefined ? {} : { behaviourOf: answer }),
    });
    if (rules === this.#rules) this.#reached.push(observation);
    return toResult(observation, rules);
  }
}

function toResult(observation: Observation, rules: RuleFiles): Result {
  const { outcome, log, arrivals } = observation;
  const failed = outcome.kind === 'failure';
  const answering = failed ? undefined : arrivals.filter(({ mirrored }) => !mirrored).at(-1);
  return {
    status: failed ? 0 : outcome.status,
    headers: failed ? {} : outcome.headers,
    body: failed ? '' : outcome.body,
    took: outcome.took,
    ...(failed ? { error: outcome.reason } : {}),
    ...(answering === undefined ? {} : answererOf(answering)),
    ...ruleOf(observation, rules),
    attempts: log?.attempts ?? 0,
    flags: log?.flags ?? [],
    arrivals,
    observation,
  };
}

function answererOf({ service, version, workload, request }: Arrival): Partial<Result> {
  return {
    service,
    workload,
    ...(version === undefined ? {} : { version }),
    ...(request === undefined ? {} : { received: request }),
  };
}

function ruleOf({ log }: Observation, rules: RuleFiles): Pick<Result, 'rule'> {
  if (log?.rule === undefined) return {};
  const { rule: object, rulePath: path = '', routeName: name } = log;
  const place = placeOfRule(rules, object, path);
  return {
    rule: {
      object,
      path,
      ...(name === undefined ? {} : { name }),
      ...(place === undefined ? {} : { place }),
    },
  };
}
