/** Command line and environment of the registrator → its configuration, or everything that is wrong with it. */
import { isIP } from 'node:net';
import { parseConsulAddress, type ConsulAddress } from './consul-address.ts';
import { parseCron, type CronTimes } from './cron.ts';
import { parseDockerAddress, type ContextAddress } from './docker-address.ts';
import type { EngineAddress } from './docker/engine.ts';
import { readDuration } from './docker/duration.ts';
import { parseTags } from './docker/labels.ts';
import type { ListenAddress } from './status-server.ts';
import { parseFlags, type ParsedFlags } from './flags.ts';
import { parseTagTemplate, type TagTemplate } from './plan/tag-template.ts';
import { TemplateError } from './plan/template-error.ts';
import { flags } from './usage.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface DrainTask {
  readonly container: string;
  /** How long to wait (ms); absent: what the container's SERVICE_DRAIN says. */
  readonly time?: number;
}

export type Task =
  | { readonly kind: 'run' }
  /** Shows what would be written, and writes nothing. */
  | { readonly kind: 'plan'; readonly json: boolean }
  | { readonly kind: 'explain'; readonly container: string; readonly json: boolean }
  /** Takes a container out of traffic, and waits. */
  | ({ readonly kind: 'drain' } & DrainTask);

export interface RegistratorConfig {
  readonly task: Task;
  readonly consul: ConsulAddress;
  readonly docker: EngineAddress | ContextAddress;
  /** The host part of ids; absent: the Engine's host name. */
  readonly hostname?: string;
  readonly internal: boolean;
  /** Only containers on this network are registered, by their address in it. */
  readonly network?: string;
  readonly explicit: boolean;
  /** Address of published ports. */
  readonly ip?: string;
  /** Label that has the address to register. */
  readonly ipLabel?: string;
  readonly tags: readonly string[];
  /** Gives each container its tags besides. */
  readonly tagTemplate?: TagTemplate;
  /**
   * Services of an old registrator are taken over; its host names, besides that of the Engine. With `cleanup`
   * what it left of containers that are gone is removed.
   */
  readonly adopt?: { readonly hosts: readonly string[]; readonly cleanup: boolean };
  /** A TCP port that says nothing has the protocol that is usual for its number. */
  readonly inferProtocol: boolean;
  /** Failed containers stay registered, with a critical check. */
  readonly keepFailed: boolean;
  /** Milliseconds between full readings of the Engine. */
  readonly resyncInterval?: number;
  /** Times of full readings of the Engine. */
  readonly resyncCron?: CronTimes;
  /** Times at which leftovers of vanished registrators are removed. */
  readonly cleanupCron?: CronTimes;
  /** How long a registrator is not heard of until it has vanished (ms). */
  readonly cleanupAfter: number;
  /** Where /metrics, /healthz and /readyz are; absent: nowhere. */
  readonly listen?: ListenAddress;
  /** How often a Consul that does not answer at start is tried again; Infinity for ever. */
  readonly retryAttempts: number;
  /** Milliseconds between these. */
  readonly retryInterval: number;
}

export type ParsedConfig =
  | { readonly kind: 'config'; readonly config: RegistratorConfig }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** `exitCode` is 2 for a command line that cannot be read, 1 for values that cannot be used. */
  | { readonly kind: 'wrong'; readonly exitCode: 1 | 2; readonly mistakes: readonly string[] };

/** Reads the command line (without program and command) and the environment. */
export function parseConfig(argv: readonly string[], env: Environment): ParsedConfig {
  const [command, ...others] = argv;
  const isCommand = command === 'plan' || command === 'explain' || command === 'drain';
  const parsed = parseFlags(isCommand ? others : argv, flags);
  if (parsed.help) return { kind: 'help' };
  if (parsed.booleans.get('version') === true) return { kind: 'version' };
  const words = sortWords(isCommand ? command : 'run', parsed.rest);
  const faults: string[] = [];
  const reject = (fault: string): unknown => faults.push(fault);
  const task = parseTask(words, parsed, reject);
  const misuse = [...parsed.mistakes, ...words.mistakes];
  if (task.kind === 'run' && parsed.booleans.get('json') === true) {
    misuse.push('-json needs plan, explain or -dry-run');
  }
  const build = { task, uri: words.uri, env, reject };
  const config = buildConfig(parsed, build);
  if (misuse.length > 0) return { kind: 'wrong', exitCode: 2, mistakes: [...misuse, ...faults] };
  if (faults.length > 0) return { kind: 'wrong', exitCode: 1, mistakes: faults };
  return { kind: 'config', config };
}

type Command = Task['kind'];

/** What follows the flags. */
interface Words {
  readonly command: Command;
  readonly uri: string;
  readonly container: string;
  readonly mistakes: readonly string[];
}

function sortWords(command: Command, rest: readonly string[]): Words {
  const hasContainer = command === 'explain' || command === 'drain';
  const [container = '', ...others] = hasContainer ? rest : ['', ...rest];
  const [uri, ...extra] = others;
  return {
    command,
    container,
    uri: uri ?? 'consul:',
    mistakes: [
      ...(hasContainer && container === '' ? ['missing required argument for the container'] : []),
      ...(command === 'run' && uri === undefined
        ? ['missing required argument for registry URI']
        : []),
      ...(extra.length === 0
        ? []
        : [`extra unparsed arguments: ${extra.join(' ')}; options come before the registry URI`]),
    ],
  };
}

function parseTask(
  { command, container }: Words,
  { booleans, texts }: ParsedFlags,
  reject: Reject,
): Task {
  const json = booleans.get('json') ?? false;
  const text = texts.get('drain-time');
  if (command === 'drain') {
    const time = text === undefined ? undefined : parseTime('drain-time', text, reject);
    return { kind: 'drain', container, ...(time === undefined ? {} : { time }) };
  }
  if (text !== undefined) reject('-drain-time needs drain');
  if (command === 'explain') return { kind: 'explain', container, json };
  const isPlan = command === 'plan' || booleans.get('dry-run') === true;
  return isPlan ? { kind: 'plan', json } : { kind: 'run' };
}

/** Milliseconds. */
function parseTime(flag: string, text: string, reject: Reject): number | undefined {
  const time = readDuration(text)?.ms;
  if (time === undefined) reject(`-${flag} "${text}": write a duration, such as 5s`);
  return time;
}

type Reject = (fault: string) => unknown;

interface Build {
  readonly task: Task;
  readonly uri: string;
  readonly env: Environment;
  readonly reject: Reject;
}

function buildConfig(parsed: ParsedFlags, { task, uri, env, reject }: Build): RegistratorConfig {
  const { booleans, texts } = parsed;
  const ip = present(texts.get('ip'));
  const ipLabel = present(texts.get('useIpFromLabel'));
  const network = present(texts.get('network'));
  const hostname = present(texts.get('hostname'));
  if (ip !== undefined && isIP(ip) === 0) reject(`-ip "${ip}" is not an IP address`);
  checkTtl(parsed, reject);
  return {
    task,
    consul: parseConsulAddress(uri, env, reject),
    docker: parseDockerAddress(env, reject),
    internal: booleans.get('internal') ?? false,
    inferProtocol: booleans.get('infer-protocol') ?? false,
    ...(hostname === undefined ? {} : { hostname }),
    ...(network === undefined ? {} : { network }),
    explicit: booleans.get('explicit') ?? false,
    ...(ip === undefined ? {} : { ip }),
    ...(ipLabel === undefined ? {} : { ipLabel }),
    ...parseAdoption(parsed, reject),
    ...parseTagsFlag(texts.get('tags') ?? '', reject),
    keepFailed: parseDeregister(texts.get('deregister') ?? 'always', reject),
    ...parseListen(parsed, reject),
    ...parseResync(parsed, reject),
    ...parseCleanup(parsed, reject),
    ...parseRetry(parsed, reject),
  };
}

/** As Go has it: without a host, all IPv4 addresses. Port 0 is any that is free. */
function parseListen({ texts }: ParsedFlags, reject: Reject): Pick<RegistratorConfig, 'listen'> {
  const text = present(texts.get('listen'));
  if (text === undefined) return {};
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]*):(\d{1,5})$/i.exec(text);
  const [, host = '', digits = ''] = match ?? [];
  if (match === null || Number(digits) > 65535) {
    reject(`-listen "${text}": write HOST:PORT, such as 127.0.0.1:9102`);
  }
  const bare = host.replaceAll(/[[\]]/g, '');
  return { listen: { host: bare === '' ? '0.0.0.0' : bare, port: Number(digits) } };
}

function parseAdoption(
  { booleans, texts }: ParsedFlags,
  reject: Reject,
): Pick<RegistratorConfig, 'adopt'> {
  const text = texts.get('adopt-hosts');
  if (booleans.get('adopt') !== true) {
    if (text !== undefined) reject('-adopt-hosts needs -adopt');
    return {};
  }
  const hosts = (text ?? '').split(',').map((host) => host.trim());
  const cleanup = booleans.get('cleanup') === true;
  return { adopt: { hosts: hosts.filter((host) => host !== ''), cleanup } };
}

function parseTagsFlag(
  text: string,
  reject: Reject,
): Pick<RegistratorConfig, 'tags' | 'tagTemplate'> {
  if (!text.includes('{{')) return { tags: parseTags(text) };
  try {
    return { tags: [], tagTemplate: parseTagTemplate(text) };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    reject(`-tags "${text}": ${error.message}`);
    return { tags: [] };
  }
}

function parseDeregister(when: string, reject: Reject): boolean {
  if (when !== 'always' && when !== 'on-success') {
    reject(`-deregister "${when}": must be "always" or "on-success"`);
  }
  return when === 'on-success';
}

/** Consul has no use for it, but a command line that was wrong for gliderlabs/registrator is still wrong. */
function checkTtl({ integers }: ParsedFlags, reject: Reject): void {
  const ttl = integers.get('ttl') ?? 0;
  const refresh = integers.get('ttl-refresh') ?? 0;
  if ((ttl === 0) !== (refresh === 0)) {
    reject('-ttl and -ttl-refresh must be specified together or not at all');
  } else if (ttl < refresh || (ttl === refresh && ttl !== 0)) {
    reject('-ttl must be greater than -ttl-refresh');
  }
}

function parseResync(
  { integers, texts }: ParsedFlags,
  reject: Reject,
): Pick<RegistratorConfig, 'resyncInterval' | 'resyncCron'> {
  const seconds = integers.get('resync') ?? 0;
  const times = parseCronFlag(texts, 'resync-cron', reject);
  if (seconds < 0 || seconds > 2_000_000) {
    reject(`-resync ${seconds}: must be 0 to 2000000 seconds`);
  }
  return {
    ...(seconds > 0 ? { resyncInterval: seconds * 1000 } : {}),
    ...(times === undefined ? {} : { resyncCron: times }),
  };
}

const defaultCleanupAfter = '1h';

function parseCleanup(
  { texts }: ParsedFlags,
  reject: Reject,
): Pick<RegistratorConfig, 'cleanupCron' | 'cleanupAfter'> {
  const times = parseCronFlag(texts, 'cleanup-cron', reject);
  const after = present(texts.get('cleanup-after')) ?? defaultCleanupAfter;
  const duration = readDuration(after);
  if (duration === undefined || duration.ms < 1000) {
    reject(`-cleanup-after "${after}": write a duration from 1s on, such as 1h or 1h30m`);
  } else if (texts.has('cleanup-after') && !texts.has('cleanup-cron')) {
    reject('-cleanup-after needs -cleanup-cron, which says when to clean up');
  }
  return {
    ...(times === undefined ? {} : { cleanupCron: times }),
    cleanupAfter: duration?.ms ?? 0,
  };
}

function parseCronFlag(
  texts: ReadonlyMap<string, string>,
  flag: string,
  reject: Reject,
): CronTimes | undefined {
  const text = present(texts.get(flag));
  if (text === undefined) return undefined;
  const times = parseCron(text);
  if (typeof times !== 'string') return times;
  reject(`-${flag} ${times}`);
  return undefined;
}

function parseRetry(
  { integers }: ParsedFlags,
  reject: Reject,
): Pick<RegistratorConfig, 'retryAttempts' | 'retryInterval'> {
  const attempts = integers.get('retry-attempts') ?? 0;
  const retryInterval = integers.get('retry-interval') ?? 2000;
  if (attempts < -1) reject(`-retry-attempts ${attempts}: must be -1 or more`);
  if (retryInterval <= 0) reject('-retry-interval must be greater than 0');
  return { retryAttempts: attempts === -1 ? Infinity : attempts, retryInterval };
}

function present(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
