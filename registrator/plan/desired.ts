/** Containers → what Consul's agent should hold of them. Pure; the same containers give the same records. */
import type { Problem } from '../../kit/problem.ts';
import { formatProblem } from '../../kit/problem.ts';
import type { DeclaredCheck, Health, ServiceRecord } from '../contract/registration.ts';
import { labelsFromTags, metaKeys, type Protocol } from '../contract/service-record.ts';
import type { Container, ContainerPort, Observation } from '../docker/container.ts';
import type { CheckSettings } from '../docker/check-labels.ts';
import { checkKeys, hasSettings, toProblem, type Parsed } from '../docker/label-grammar.ts';
import { parseSettings, parseTags, type PortSettings } from '../docker/labels.ts';
import { declareCheck } from './checks.ts';
import {
  chooseAddress,
  findOutside,
  listPorts,
  reachPort,
  type EndpointOptions,
  type ReachablePort,
} from './endpoint.ts';
import { assessHealth } from './health.ts';
import { buildMeta, findValueFault } from './meta.ts';
import { renderTagTemplate, type TagTemplate } from './tag-template.ts';
import { TemplateError } from './template-error.ts';
import { tagAddresses } from './tagged-addresses.ts';
import { inferProtocol } from './well-known-ports.ts';
import { chooseId, chooseName, type NameOptions } from './name.ts';
import { PlanCache } from './plan-cache.ts';
import { appPorts, groupWorkloads, type Workload } from './workload.ts';

export interface PlanOptions extends EndpointOptions, NameOptions {
  /** See `ownerName`: what we write carries it, and only what carries it is ours. */
  readonly owner: string;
  /** Tags for every service. */
  readonly tags: readonly string[];
  /** `-tags` as a template: more tags, from the container. */
  readonly tagTemplate?: TagTemplate;
  /** A TCP port that says nothing has the protocol that is usual for its number. */
  readonly inferProtocol?: boolean;
  /** `-deregister on-success`: an app that failed stays, with a critical check. */
  readonly keepFailed: boolean;
}

export interface DesiredState {
  /** By id. */
  readonly records: readonly ServiceRecord[];
  /** Container id → health: what the agent holds of these containers stays, with this health. */
  readonly retained: ReadonlyMap<string, Health>;
  /** Ids of containers of which nothing is known now: what the agent holds of them stays as it is. */
  readonly unknown: ReadonlySet<string>;
  /** Names of the containers that run. */
  readonly running: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/** The plans of single workloads, for one set of options. */
export type WorkloadPlans = PlanCache<Parsed<readonly Planned[]>>;

/**
 * The records for all containers of one Engine, and what users got wrong (each mistake once). Who plans again and
 * again with the same options gives the same `plans`.
 */
export function planServices(
  observation: Observation,
  options: PlanOptions,
  plans: WorkloadPlans = new PlanCache(),
): DesiredState {
  const {
    workloads,
    unknown,
    problems: groupProblems,
  } = groupWorkloads(observation, options.network);
  const planned = workloads.map((workload) => {
    const health = assessHealth(workload, observation.stopping);
    return plans.get(workload, health, () => planWorkload(workload, health, options));
  });
  const { records, problems } = dropDuplicates(planned.flatMap(({ value }) => value));
  return {
    records,
    retained: options.keepFailed ? findFailed(observation.containers) : new Map(),
    unknown,
    running: new Set(
      observation.containers.filter(({ state }) => state !== 'stopped').map(({ name }) => name),
    ),
    problems: distinct([
      ...groupProblems,
      ...planned.flatMap((part) => part.problems),
      ...problems,
    ]),
  };
}

/** A service of one port, and the container it comes from. */
interface Planned {
  readonly record: ServiceRecord;
  readonly container: Container;
}

interface Candidate {
  readonly port: ReachablePort;
  readonly settings: PortSettings;
}

function planWorkload(
  workload: Workload,
  health: Health,
  options: PlanOptions,
): Parsed<readonly Planned[]> {
  const { app } = workload;
  const ports = appPorts(workload);
  const parsed = listPorts(workload, options.internal).map((port) => ({
    port,
    ...parseSettings(app, port),
  }));
  const candidates = parsed
    .map(({ port, value }) => ({ port, settings: value }))
    .filter(({ settings }) => !settings.ignored);
  const services = candidates.map((candidate) =>
    planPort(workload, candidate, { several: candidates.length > 1, health, options }),
  );
  return {
    value: services.flatMap(({ value }) => (value === undefined ? [] : [value])),
    problems: [
      ...checkKeys(app, ports),
      ...(parsed.length === 0 ? explainNoPorts(app, ports.length > 0 && !options.internal) : []),
      ...parsed.flatMap(({ problems }) => problems),
      ...services.flatMap(({ problems }) => problems),
    ],
  };
}

interface Context {
  readonly several: boolean;
  readonly health: Health;
  readonly options: PlanOptions;
}

function planPort(
  workload: Workload,
  { port, settings }: Candidate,
  { several, health, options }: Context,
): Parsed<Planned | undefined> {
  const { app } = workload;
  const named = chooseName(app, settings, { port: port.port, several, explicit: options.explicit });
  if (named.kind === 'none') return { value: undefined, problems: named.problems };
  const found = chooseAddress(workload, port, settings, options);
  if (found.kind === 'missing') {
    return { value: undefined, problems: [portProblem(app, port, found)] };
  }
  const warning = found.warning;
  const meta = describeService(app, port, settings, options);
  const tags = listTags(app, settings, port, options);
  const outside = findOutside(workload, port, options);
  const checks = declareChecks(workload, settings.checks, { ...port, ...found }, options);
  const record: ServiceRecord = {
    id: chooseId(app, settings, { ...port, hostname: options.hostname }),
    name: named.name,
    tags: tags.value,
    meta: meta.value,
    address: found.address,
    port: port.dialPort,
    weight: settings.weight ?? 1,
    ...(settings.tagOverride === undefined ? {} : { tagOverride: true }),
    taggedAddresses: tagAddresses({
      registered: { address: found.address, port: port.dialPort },
      ...(found.ipv6 === undefined ? {} : { ipv6: found.ipv6 }),
      ...(outside === undefined ? {} : { wan: outside }),
    }),
    checks: checks.value,
    health: settings.maintenance === undefined ? health : maintain(app, settings.maintenance),
  };
  return {
    value: { record, container: app },
    problems: [
      ...named.problems,
      ...(warning === undefined
        ? []
        : [portProblem(app, port, { code: 'W_IP_LABEL', message: warning })]),
      ...tags.problems,
      ...meta.problems,
      ...checks.problems,
    ],
  };
}

/** A check of a port that nothing outside the container can reach is left out. */
function declareChecks(
  workload: Workload,
  checks: readonly CheckSettings[],
  registered: ReachablePort & { readonly address: string },
  { internal }: PlanOptions,
): Parsed<readonly DeclaredCheck[]> {
  const { app } = workload;
  const declared = checks.map((check) => {
    const { port: own = registered.port } = check;
    const target =
      own === registered.port
        ? registered
        : reachPort(workload, { port: own, transport: 'tcp' }, internal);
    if (target === undefined) return undefined;
    return declareCheck(check, {
      address: registered.address,
      port: target.dialPort,
      containerId: app.id,
      containerPort: own,
    });
  });
  const problem = portProblem(app, registered, {
    code: 'E_CHECK_PORT',
    message: 'is not checked: the port of SERVICE_CHECK_PORT is not published; add it to `ports:`',
  });
  return {
    value: declared.filter((check) => check !== undefined),
    problems: declared.includes(undefined) ? [problem] : [],
  };
}

/** It stays registered, so that everybody sees why it gets no calls. */
function maintain(app: Container, reason: string): Health {
  return { status: 'critical', output: `container ${app.name} is in maintenance: ${reason}` };
}

function listTags(
  app: Container,
  settings: PortSettings,
  port: ReachablePort,
  options: PlanOptions,
): Parsed<readonly string[]> {
  const rendered = renderTags(app, port, options.tagTemplate);
  const udp = port.transport === 'udp' ? ['udp'] : [];
  return {
    value: [...settings.tags, ...options.tags, ...rendered.value, ...udp],
    problems: rendered.problems,
  };
}

function renderTags(
  app: Container,
  port: ReachablePort,
  template: TagTemplate | undefined,
): Parsed<readonly string[]> {
  if (template === undefined) return { value: [], problems: [] };
  try {
    return { value: parseTags(renderTagTemplate(template, app)), problems: [] };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const message = `has none of the tags of -tags: ${error.message}`;
    return { value: [], problems: [portProblem(app, port, { code: 'E_TAGS', message })] };
  }
}

function describeService(
  app: Container,
  port: ReachablePort,
  settings: PortSettings,
  options: PlanOptions,
): Parsed<Readonly<Record<string, string>>> {
  const problems: Problem[] = [];
  const usual = options.inferProtocol === true ? inferProtocol(port) : undefined;
  const protocol = settleProtocol(app, port, settings.protocol ?? usual);
  const version = settings.version ?? labelsFromTags(settings.tags)['version'];
  const fault = version === undefined ? undefined : findValueFault(version);
  if (fault !== undefined) problems.push(portProblem(app, port, fault));
  const mandatory = {
    ...(protocol.value === undefined ? {} : { [metaKeys.protocol]: protocol.value }),
    ...(version === undefined || fault !== undefined ? {} : { [metaKeys.version]: version }),
    [metaKeys.owner]: options.owner,
    [metaKeys.containerId]: app.id,
    ...(app.compose === undefined
      ? {}
      : {
          [metaKeys.composeProject]: app.compose.project,
          [metaKeys.composeService]: app.compose.service,
          ...(app.compose.number === undefined
            ? {}
            : { [metaKeys.composeNumber]: app.compose.number }),
        }),
  };
  const meta = buildMeta(app, mandatory, settings.meta);
  return { value: meta.value, problems: [...protocol.problems, ...problems, ...meta.problems] };
}

/** A UDP port is UDP, whatever was declared for the TCP port of the same number. */
function settleProtocol(
  app: Container,
  port: ReachablePort,
  declared: Protocol | undefined,
): Parsed<Protocol | undefined> {
  if ((declared === 'udp') === (port.transport === 'udp')) return { value: declared, problems: [] };
  if (declared === undefined) return { value: 'udp', problems: [] };
  const message =
    `protocol "${declared}" cannot run on ${port.port}/${port.transport}, so it is not used; ` +
    `write it for one port: SERVICE_<port>_PROTOCOL`;
  const value = port.transport === 'udp' ? 'udp' : undefined;
  return { value, problems: [portProblem(app, port, { code: 'E_PROTOCOL_CONFLICT', message })] };
}

/** Settings for it are those for the whole container. */
const noPort: ContainerPort = { port: 0, transport: 'tcp' };

/** Only users who wrote settings meant the container to be a service. */
function explainNoPorts(app: Container, isUnpublished: boolean): readonly Problem[] {
  if (!hasSettings(app) || parseSettings(app, noPort).value.ignored) return [];
  const message = isUnpublished
    ? 'is not registered: none of its ports is published; add `ports:`, or run with -internal'
    : `is not registered: it exposes no port; ${remedyForNoPort(app)}`;
  return [{ code: 'E_NO_PORT', severity: 'error', resource: `container ${app.name}`, message }];
}

function remedyForNoPort(app: Container): string {
  const place =
    app.networkMode.kind === 'joined'
      ? 'the Compose service whose network it joined'
      : 'its Compose service';
  return `add EXPOSE to its image, or \`expose:\` to ${place}`;
}

/** The oldest container keeps an id; workloads come oldest first. */
function dropDuplicates(planned: readonly Planned[]): {
  readonly records: readonly ServiceRecord[];
  readonly problems: readonly Problem[];
} {
  const kept = new Map<string, Planned>();
  const problems: Problem[] = [];
  for (const candidate of planned) {
    const { id } = candidate.record;
    const holder = kept.get(id);
    if (holder === undefined) {
      kept.set(id, candidate);
      continue;
    }
    const message =
      `port ${candidate.record.port} is not registered: its id "${id}" is that of ` +
      `port ${holder.record.port} of container ${holder.container.name}; give each port its own SERVICE_ID`;
    const setting = { value: id, source: 'SERVICE_ID', fromPort: false };
    problems.push(toProblem(candidate.container, 'E_ID_DUPLICATE', { setting, message }));
  }
  return { records: [...kept.values()].map(({ record }) => record), problems };
}

/** What `-deregister on-success` keeps. */
function findFailed(containers: readonly Container[]): ReadonlyMap<string, Health> {
  return new Map(
    containers.flatMap((container) => {
      const output = container.role === 'app' ? describeFailure(container) : undefined;
      return output === undefined ? [] : [[container.id, { status: 'critical', output } as const]];
    }),
  );
}

/**
 * As gliderlabs/registrator reads it: exit code 0 and death by a signal (codes from 128 on) are success. A
 * container that ended may have failed until its code is known.
 */
function describeFailure(container: Container): string | undefined {
  const { name, state, startedAt, exitCode } = container;
  if (exitCode === undefined) {
    return state === 'stopped' && startedAt !== undefined
      ? `container ${name} has ended`
      : undefined;
  }
  return exitCode === 0 || exitCode >= 128
    ? undefined
    : `container ${name} ended with exit code ${exitCode}`;
}

function portProblem(
  app: Container,
  port: ReachablePort,
  { code, message }: Pick<Problem, 'code' | 'message'>,
): Problem {
  return {
    code,
    severity: code.startsWith('W_') ? 'warning' : 'error',
    resource: `container ${app.name}`,
    path: `port ${port.port}/${port.transport}`,
    message,
  };
}

function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}
