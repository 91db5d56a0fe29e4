import type { Command } from 'commander';
import type { ConfigSection, ProxyConfigFlags } from '../../inspect/proxy-config.ts';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import { completeHostnames, completeProxies, completeWords } from '../completion/live-names.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { addProxyOptions } from '../proxy-options.ts';
import { runWithMesh } from '../run-with-mesh.ts';

interface Section {
  readonly aliases: readonly string[];
  readonly description: string;
  readonly options?: readonly (readonly [string, string])[];
  /** The values of options that have a few. */
  readonly words?: Readonly<Record<string, readonly string[]>>;
  readonly examples: readonly string[];
}

/** The sections with the names, aliases and filters that istioctl has for them. */
const sections: Readonly<Record<ConfigSection, Section>> = {
  clusters: {
    aliases: ['cluster', 'c'],
    description: 'where it may send requests',
    options: [
      ['--fqdn <name>', 'only of services with this in their full name'],
      ['--port <number>', 'only of this port'],
      ['--direction <word>', 'inbound or outbound'],
      ['--subset <name>', 'only of this subset'],
    ],
    words: { '--direction': ['inbound', 'outbound'] },
    examples: [
      'clusters reviews-v1 --fqdn ratings',
      'clusters reviews-v1 --direction inbound -o json',
    ],
  },
  listeners: {
    aliases: ['listener', 'l'],
    description: 'where it accepts connections, and what becomes of them',
    options: [
      ['--address <ip>', 'only at this address'],
      ['--port <number>', 'only on this port'],
      ['--type <type>', 'HTTP or TCP'],
    ],
    words: { '--type': ['HTTP', 'TCP'] },
    examples: ['listeners reviews-v1 --port 15006'],
  },
  routes: {
    aliases: ['route', 'r'],
    description: 'which requests go where, and by which VirtualService',
    options: [['--name <table>', 'only the route table of this name, such as 9080']],
    examples: ['routes reviews-v1 --name 9080', 'routes reviews-v1 --name 9080 -o yaml'],
  },
  endpoints: {
    aliases: ['endpoint', 'ep'],
    description: 'the members of its clusters, with their health',
    options: [
      ['--address <ip>', 'only at this address'],
      ['--port <number>', 'only on this port'],
      ['--cluster <name>', 'only of this cluster'],
      ['--status <status>', 'only HEALTHY, UNHEALTHY, DRAINING …'],
    ],
    words: { '--status': ['healthy', 'unhealthy', 'draining', 'timeout', 'degraded', 'unknown'] },
    examples: [
      'endpoints productpage-v1 --status unhealthy',
      "endpoints productpage-v1 --cluster 'outbound|9080|v2|reviews.service.consul'",
    ],
  },
  bootstrap: {
    aliases: ['b'],
    description: 'what it was started with',
    examples: ['bootstrap reviews-v1', 'bootstrap reviews-v1 -o json'],
  },
  log: {
    aliases: ['o'],
    description: 'the levels of its loggers; sets them with --level',
    options: [
      ['--level <levels>', 'LEVEL, or LOGGER:LEVEL with commas between several'],
      ['-r, --reset', 'the level that it was started with, for all'],
    ],
    words: { '--level': ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'] },
    examples: [
      'log reviews-v1',
      'log reviews-v1 --level http:debug,router:debug',
      'log reviews-v1 --reset',
    ],
  },
  secret: {
    aliases: ['secrets', 's'],
    description: 'its certificates, and how long they are valid',
    examples: ['secret reviews-v1'],
  },
  all: {
    aliases: ['a'],
    description: 'all of it',
    examples: ['all reviews-v1', 'all --admin 127.0.0.1:15000 -o json > dump.json'],
  },
};

/** `cmesh proxy-config`: what an Envoy runs, as it says itself. */
export function addProxyConfigCommand(program: Command): void {
  const command = program
    .command('proxy-config')
    .alias('pc')
    .description('show what an Envoy runs: clusters, listeners, routes, endpoints, log levels …')
    .addHelpText(
      'after',
      `
NAME is WORKLOAD or WORKLOAD.NAMESPACE, SERVICE/VERSION, or the beginning of one of these where it is unique.

Examples:
${Object.values(sections)
  .map(({ examples }) => `  cmesh proxy-config ${examples[0] ?? ''}`)
  .join('\n')}
  cmesh proxy-config routes --file dump.json          # one that was saved, on any machine

Exit codes: 0 shown, 1 no such proxy or it does not answer, 2 wrong usage, 3 no pilot answers (docs/inspecting.md)`,
    );
  for (const [name, section] of Object.entries(sections)) {
    addSection(command, name as ConfigSection, section);
  }
}

function addSection(
  parent: Command,
  name: ConfigSection,
  { aliases, description, options = [], words = {}, examples }: Section,
): void {
  const command = parent
    .command(name)
    .aliases(aliases)
    .description(description)
    .argument('[name]', 'the proxy')
    .option('-o, --output <format>', 'short, json or yaml', 'short')
    .addHelpText(
      'after',
      `\nExamples:\n${examples.map((example) => `  cmesh proxy-config ${example}`).join('\n')}`,
    )
    .action((proxy: string | undefined, flags: ProxyConfigFlags & AddressFlags) =>
      runWithMesh(`proxy-config ${name}`, flags, async (terminal, mesh) => {
        const { runProxyConfig } = await import('../../inspect/proxy-config.ts');
        return runProxyConfig(name, proxy, flags, { terminal, mesh, now: Date.now() });
      }),
    );
  for (const [flags, text] of options) command.option(flags, text);
  addProxyOptions(completeProxies(command));
  completeWords(command, '--output', ['short', 'json', 'yaml']);
  for (const [long, values] of Object.entries(words)) completeWords(command, long, values);
  if (name === 'clusters') completeHostnames(command, '--fqdn');
  addPilotOptions(command);
}
