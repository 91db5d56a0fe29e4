/** Why a container is registered as it is, or not at all; in words for a person. Pure. */
import type { Problem } from '../../kit/problem.ts';
import { formatProblem } from '../../kit/problem.ts';
import type { RegisteredService, ServiceRecord } from '../contract/registration.ts';
import { metaKeys } from '../contract/service-record.ts';
import type { Container, ContainerPort, Observation } from '../docker/container.ts';
import { parseSettings, type PortSettings } from '../docker/labels.ts';
import { planServices, type PlanOptions } from './desired.ts';
import { listDifferences } from './diff.ts';
import { listPorts } from './endpoint.ts';
import { chooseId } from './name.ts';
import { formatTable } from './table.ts';
import { appPorts, groupWorkloads, type Workload } from './workload.ts';

export interface Explanation {
  readonly container: Pick<Container, 'id' | 'name' | 'image' | 'state' | 'role'>;
  /** Why nothing of it is a service; absent when its ports are looked at one by one. */
  readonly reason?: string;
  readonly ports: readonly PortExplanation[];
  readonly problems: readonly Problem[];
}

export interface PortExplanation {
  /** Such as `80/tcp`, inside the container. */
  readonly port: string;
  /** Why it is not registered; absent when it is. */
  readonly reason?: string;
  readonly service?: ServiceRecord;
  /** Part of the service → where it comes from. */
  readonly sources?: Readonly<Record<string, string>>;
  /** How Consul compares. */
  readonly consul?: string;
}

/** The containers that `text` can mean: by name, by the beginning of the id, or by Compose service. */
export function findContainers(
  containers: readonly Container[],
  text: string,
): readonly Container[] {
  const named = containers.filter(({ name }) => name === text);
  if (named.length > 0) return named;
  return containers.filter(
    ({ id, compose }) =>
      compose?.service === text || (/^[0-9a-f]{4,64}$/.test(text) && id.startsWith(text)),
  );
}

/** `held` is what the agent holds of this registrator. */
export function explainContainer(
  container: Container,
  observation: Observation,
  options: PlanOptions,
  held: readonly RegisteredService[],
): Explanation {
  const { records, problems } = planServices(observation, options);
  const { workloads } = groupWorkloads(observation, options.network);
  const workload = workloads.find(({ app }) => app.id === container.id);
  const { id, name, image, state, role } = container;
  const own = problems.filter(({ resource }) => resource === `container ${name}`);
  const described = { container: { id, name, image, state, role }, problems: own };
  if (workload === undefined) {
    const reason = explainAbsence(container, options, own);
    return { ...described, reason, ports: [] };
  }
  const ports = appPorts(workload);
  const mine = records.filter(({ meta }) => meta[metaKeys.containerId] === id);
  return {
    ...described,
    ...(ports.length === 0 ? { reason: 'it exposes no port' } : {}),
    ports: ports.map((port) => explainPort({ workload, port, options, records: mine, held })),
  };
}

function explainAbsence(
  container: Container,
  { network }: PlanOptions,
  problems: readonly Problem[],
): string {
  if (container.role === 'pod') return 'it is a pod, the network of an app; ask for the app';
  if (container.role === 'sidecar') return 'it is the sidecar of an app; ask for the app';
  if (container.labels['com.docker.compose.oneoff']?.toLowerCase() === 'true') {
    return "docker compose run started it: it is nobody's instance";
  }
  if (container.state === 'stopped') return `it does not run; run: docker start ${container.name}`;
  if (problems.length > 0) return 'see below';
  const networks = container.networks.map((attached) => attached.network).join(', ');
  return network === undefined
    ? 'what it depends on could not be read'
    : `it is not on network ${network} (-network); it is on: ${networks === '' ? 'none' : networks}`;
}

interface PortContext {
  readonly workload: Workload;
  readonly port: ContainerPort;
  readonly options: PlanOptions;
  readonly records: readonly ServiceRecord[];
  readonly held: readonly RegisteredService[];
}

function explainPort(context: PortContext): PortExplanation {
  const { workload, port, options, records, held } = context;
  const { app } = workload;
  const { value: settings } = parseSettings(app, port);
  const id = chooseId(app, settings, { ...port, hostname: options.hostname });
  const label = `${port.port}/${port.transport}`;
  const service = records.find((record) => record.id === id);
  if (service === undefined || settings.ignored) {
    return { port: label, reason: explainRefusal(context, settings) };
  }
  return {
    port: label,
    service,
    sources: listSources(context, settings),
    consul: compareWithConsul(
      service,
      held.find((candidate) => candidate.id === id),
    ),
  };
}

function explainRefusal({ workload, port, options }: PortContext, settings: PortSettings): string {
  const reachable = listPorts(workload, options.internal).some(
    (candidate) => candidate.port === port.port && candidate.transport === port.transport,
  );
  if (settings.ignored) return 'SERVICE_IGNORE is set';
  if (!reachable) return 'it is not published, and -internal is not set';
  if (options.explicit && settings.name === undefined) {
    return 'it has no SERVICE_NAME, and -explicit is set';
  }
  return 'see below';
}

function listSources(
  context: PortContext,
  settings: PortSettings,
): Readonly<Record<string, string>> {
  const { app } = context.workload;
  const derived = app.compose === undefined ? `its image ${app.image}` : 'its Compose service';
  return {
    name: settings.name?.source ?? derived,
    address: findAddressSource(context, settings),
    protocol: findProtocolSource(context, settings),
  };
}

function findProtocolSource({ port, options }: PortContext, settings: PortSettings): string {
  if (port.transport === 'udp') return 'its transport';
  if (settings.protocol !== undefined) return 'SERVICE_PROTOCOL or SERVICE_PORT_NAME';
  return options.inferProtocol === true ? '-infer-protocol' : 'not written';
}

function findAddressSource(context: PortContext, settings: PortSettings): string {
  const { workload, options } = context;
  const { ipLabel } = options;
  if (settings.ip !== undefined) return 'SERVICE_IP';
  if (ipLabel !== undefined && workload.app.labels[ipLabel] !== undefined) {
    return `label ${ipLabel}`;
  }
  return options.internal && workload.owner.networkMode.kind !== 'host'
    ? findNetworkSource(context, settings)
    : findHostSource(context);
}

function findNetworkSource({ workload, options }: PortContext, settings: PortSettings): string {
  if (settings.network !== undefined) return `network ${settings.network} (SERVICE_NETWORK)`;
  if (options.network !== undefined) return `network ${options.network} (-network)`;
  return `network ${workload.owner.networks[0]?.network ?? 'none'}, its primary one`;
}

function findHostSource({ workload, options, port }: PortContext): string {
  if (options.ip !== undefined) return '-ip';
  const published = workload.owner.published.find((candidate) => candidate.port === port.port);
  return published?.hostIp === undefined ? 'address of this host' : 'address it is published on';
}

function compareWithConsul(service: ServiceRecord, held: RegisteredService | undefined): string {
  if (held === undefined) return 'does not have it';
  const differences = listDifferences(service, held);
  const state = differences.length === 0 ? 'has it' : `has another ${differences.join(', ')}`;
  return held.maintenance === undefined
    ? state
    : `${state}, in maintenance mode: ${held.maintenance}`;
}

/** As lines. */
export function formatExplanation({ container, reason, ports, problems }: Explanation): string {
  const { name, id, image, state } = container;
  const count = ports.filter(({ service }) => service !== undefined).length;
  const verdict =
    reason === undefined
      ? `${count} of its ${ports.length} ports registered`
      : `not registered: ${reason}`;
  return [
    `container ${name} (${id.slice(0, 12)}, ${image}, ${state}): ${verdict}`,
    ...ports.flatMap(formatPort),
    ...problems.map(formatProblem),
    '',
  ].join('\n');
}

function formatPort({
  port,
  reason,
  service,
  sources,
  consul,
}: PortExplanation): readonly string[] {
  if (service === undefined) return [`port ${port}: not registered: ${reason ?? 'see below'}`];
  const from = (part: string): string => sources?.[part] ?? '';
  const rows = [
    ['  id', service.id, ''],
    ['  name', service.name, from('name')],
    ['  address', `${service.address}:${service.port}`, from('address')],
    ['  protocol', service.meta[metaKeys.protocol] ?? 'detected', from('protocol')],
    ['  health', service.health.status, service.health.output],
    ...service.checks.map((check) => ['  check', check.name, check.notes]),
    ...(service.tags.length === 0 ? [] : [['  tags', service.tags.join(', '), '']]),
    ['  weight', String(service.weight), ''],
    ['  Consul', consul ?? '', ''],
  ];
  return [`port ${port}: registered`, formatTable(rows)];
}
