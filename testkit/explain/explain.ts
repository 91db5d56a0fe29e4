import type { DestinationRuleSpec } from '../../pilot/api/destination-rule-schema.ts';
import {
  httpListenerName,
  outboundCluster,
  outboundRoutes,
  tcpListenerName,
} from '../../pilot/ir/names.ts';
import type { SocketListener } from '../../pilot/ir/listener.ts';
import type { Route, VirtualHost } from '../../pilot/ir/route.ts';
import { resolveHostname } from '../../pilot/model/hostname.ts';
import type { Rule } from '../../pilot/model/mesh.ts';
import { type Service, handlingOf } from '../../pilot/model/service.ts';
import { indexPolicies } from '../../pilot/translate/policies.ts';
import type { AccessLogEntry } from '../../sidecar/contract/access-log.ts';
import { type FilePlace, type RuleFiles, nameOf, placeOfRule } from '../files/rule-files.ts';
import type { CallPlan, Caller } from '../mesh/mesh-under-test.ts';
import type { Observation, TestRequest } from '../mesh/observation.ts';
import type { CallerConfig, OfflineMesh } from '../mesh/offline-mesh.ts';
import { meshDomain } from '../mesh/service.ts';
import { judgeRoutes } from './conditions.ts';
import type {
  ExplainedEndpoint,
  ExplainedRule,
  ExplainedTarget,
  Explanation,
} from './explanation.ts';
import { describeCluster, describeRoute } from './policy-words.ts';

export interface ExplainOptions {
  readonly mesh: Pick<OfflineMesh, 'call' | 'inspect'>;
  /** The rules that `mesh` has in force. */
  readonly rules: RuleFiles;
  readonly plan?: CallPlan;
  /** ADDRESS:PORT of a workload where there is a real one behind its stand-in. */
  readonly addressOf?: (workload: string) => string | undefined;
}

/**
 * Sends a request through the caller's proxy, and says what it did and because of what: the decision is read from the
 * proxy's access log, the rest from the configuration that it was given.
 */
export async function explain(
  from: Caller,
  request: TestRequest,
  options: ExplainOptions,
): Promise<Explanation> {
  const observation = await options.mesh.call(from, request, options.plan);
  const config = options.mesh.inspect(from);
  const { log } = observation;
  const found = locate(request, config);
  const decided = found === undefined ? undefined : findDecision(found, log);
  return {
    request,
    from,
    ...(found === undefined ? {} : { listener: found.listener }),
    ...(found?.host === undefined
      ? {}
      : { routes: { table: outboundRoutes(found.port), virtualHost: found.host.name } }),
    ...explainRule(from, request, options.rules, log),
    actions: decided?.route === undefined ? [] : describeRoute(decided.route),
    targets: explainTargets(decided?.targets ?? [], { config, log, options }),
    result: explainResult(observation),
  };
}

interface Located {
  readonly port: number;
  readonly service: Service;
  readonly listener: string;
  /** Absent for a byte stream. */
  readonly host?: VirtualHost;
  readonly tcp?: SocketListener;
}

/** The listener and the virtual host for a URL; undefined when the mesh has no such service or port. */
function locate({ url: text }: TestRequest, { mesh, config }: CallerConfig): Located | undefined {
  const url = new URL(text);
  const number = Number(url.port === '' ? 80 : url.port);
  const isService = (name: string): boolean => mesh.services.has(name);
  const service = mesh.services.get(resolveHostname(url.hostname, meshDomain, isService));
  const port = service?.ports.find((candidate) => candidate.number === number);
  if (service === undefined || port === undefined) return undefined;
  if (handlingOf(port) === 'http') {
    const table = config.routes.find(({ name }) => name === outboundRoutes(number));
    const host = table?.virtualHosts.find(({ domains }) => domains.includes(url.hostname));
    const common = { port: number, service, listener: httpListenerName(number) };
    return url.protocol === 'tcp:' || host === undefined ? common : { ...common, host };
  }
  const listener = tcpListenerName(service.address, number);
  const tcp = config.listeners.find(
    (candidate): candidate is SocketListener =>
      candidate.kind === 'socket' && candidate.name === listener,
  );
  return { port: number, service, listener, ...(tcp === undefined ? {} : { tcp }) };
}

interface Decision {
  readonly route?: Route;
  readonly targets: readonly { readonly name: string; readonly weight: number }[];
}

function findDecision(found: Located, log: AccessLogEntry | undefined): Decision {
  const handler = found.tcp?.defaultChain?.handler;
  if (handler?.kind === 'tcp') return { targets: handler.clusters };
  if (found.host === undefined) {
    return { targets: [{ name: outboundCluster(found.service.hostname, found.port), weight: 1 }] };
  }
  const route = found.host.routes.find(({ origin }) =>
    log?.rule === undefined
      ? origin === undefined
      : origin?.rule === log.rule && origin.path === log.rulePath,
  );
  if (route === undefined) return { targets: [] };
  return { route, targets: route.action.kind === 'forward' ? route.action.clusters : [] };
}

function explainRule(
  caller: Caller,
  request: TestRequest,
  rules: RuleFiles,
  log: AccessLogEntry | undefined,
): Pick<Explanation, 'rule' | 'passed'> {
  if (log?.rule === undefined) return { passed: [] };
  const { rule: object, rulePath = '' } = log;
  const service = rules.resources.find((rule) => nameOf(rule) === object);
  const judged =
    service?.kind === 'VirtualService' && rulePath.startsWith('spec.http')
      ? judgeRoutes(service.spec, { request, caller })
      : [];
  const explained = (
    path: string,
    name: string | undefined,
    because: readonly string[],
  ): ExplainedRule => {
    const place = placeOfRule(rules, object, path);
    return {
      object,
      path,
      ...(name === undefined ? {} : { name }),
      ...(place === undefined ? {} : { place }),
      because,
    };
  };
  const index = judged.findIndex(({ path }) => path === rulePath);
  const own = judged[index];
  return {
    rule: explained(rulePath, own?.name, own?.met ?? []),
    passed: judged
      .slice(0, Math.max(0, index))
      .map(({ path, name, unmet }) => explained(path, name, unmet)),
  };
}

interface TargetContext {
  readonly config: CallerConfig;
  readonly log: AccessLogEntry | undefined;
  readonly options: ExplainOptions;
}

function explainTargets(
  targets: Decision['targets'],
  context: TargetContext,
): readonly ExplainedTarget[] {
  const sum = targets.reduce((total, { weight }) => total + weight, 0);
  const { config, mesh, view } = context.config;
  const policies = indexPolicies(mesh, view);
  return targets.map(({ name, weight }) => {
    const [, , subset, hostname = ''] = name.split('|');
    const rule = policies.ruleOf(hostname);
    const cluster = config.clusters.find((candidate) => candidate.name === name);
    return {
      cluster: name,
      share: Math.round((1000 * weight) / sum) / 10,
      taken: context.log?.upstreamCluster === name,
      ...(rule === undefined
        ? {}
        : { destinationRule: explainDestinationRule(rule, subset, context.options.rules) }),
      policies: cluster === undefined ? [] : describeCluster(cluster),
      endpoints: explainEndpoints(name, context),
    };
  });
}

function explainDestinationRule(
  { namespace, name, spec }: Rule<DestinationRuleSpec>,
  subset: string | undefined,
  rules: RuleFiles,
): NonNullable<ExplainedTarget['destinationRule']> {
  const object = `DestinationRule ${namespace}/${name}`;
  const index = spec.subsets?.findIndex((candidate) => candidate.name === subset) ?? -1;
  const place: FilePlace | undefined = placeOfRule(
    rules,
    object,
    index === -1 ? 'spec' : `spec.subsets[${index}]`,
  );
  return {
    object,
    ...(subset === undefined || subset === '' ? {} : { subset }),
    ...(place === undefined ? {} : { place }),
  };
}

function explainEndpoints(
  cluster: string,
  { config: { config, mesh, workloadAt }, options }: TargetContext,
): readonly ExplainedEndpoint[] {
  const members = config.endpoints
    .filter((set) => set.cluster === cluster)
    .flatMap(({ localities }) => localities.flatMap(({ endpoints }) => endpoints));
  const known = [...mesh.endpoints.values()].flat();
  return members.map(({ address, port }) => {
    const workload = workloadAt(`${address}:${port}`);
    const real = workload === undefined ? `${address}:${port}` : options.addressOf?.(workload);
    const labels = known.find(
      (endpoint) => endpoint.address === address && endpoint.port === port,
    )?.labels;
    return {
      workload: workload ?? `${address}:${port}`,
      ...(real === undefined ? {} : { address: real }),
      labels: labels ?? {},
    };
  });
}

function explainResult({ outcome, log, arrivals }: Observation): Explanation['result'] {
  const answering = arrivals.filter(({ mirrored }) => !mirrored).at(-1);
  return {
    outcome,
    attempts: log?.attempts ?? 0,
    flags: log?.flags ?? [],
    ...(log?.details === undefined ? {} : { details: log.details }),
    ...(answering === undefined ? {} : { answeredBy: answering.workload }),
  };
}
