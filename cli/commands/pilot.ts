import { type Command, Option } from 'commander';
import type { PilotFlags } from '../../pilot/config.ts';

/** `cmesh pilot`: the control plane. */
export function addPilotCommand(program: Command): void {
  const command = program
    .command('pilot')
    .description('run the control plane: Consul and rules in, xDS for Envoy out')
    .option('--registry <uri>', 'where services are found: consul://HOST:PORT or none', 'none')
    .option(
      '--config-store <uri>',
      'where rules are kept: dir:PATH, consul://HOST:PORT/PREFIX or memory',
      'memory',
    )
    .option('--consul-token <token>', 'ACL token for Consul (default: $CONSUL_HTTP_TOKEN)')
    .option('--grpc <address>', 'address of the ADS server', '127.0.0.1:15010')
    .option('--http <address>', 'address of the configuration API', '127.0.0.1:8080')
    .option('--domain <name>', 'domain in which short names are enough', 'service.consul')
    .option('--zipkin <address>', 'Zipkin collector that proxies send spans to')
    .option('--tracing-sampling <percent>', 'share of requests to trace', '1')
    .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
    .addHelpText(
      'after',
      `
Examples:
  cmesh pilot --registry consul://127.0.0.1:8500 --config-store dir:./config
  cmesh pilot --registry consul://127.0.0.1:8500 --config-store consul://127.0.0.1:8500
  cmesh pilot --registry none --config-store dir:./config   # services are ServiceEntries only
  cmesh pilot --http 127.0.0.1:8080 --https 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key --token-file tokens.yaml

The environment variable CONSUL_HTTP_TOKEN gives the ACL token for Consul. docs/stores.md compares the stores,
docs/access.md says who may use the configuration API, and how to let others use it.

Exit codes: 0 ended by a signal, 1 failed, 2 wrong usage`,
    )
    .action(async (flags: PilotFlags) => {
      const { runPilot } = await import('../../pilot/main.ts');
      process.exitCode = await runPilot(flags, process.env);
    });
  for (const option of accessOptions) command.addOption(option);
}

/** Who may use the configuration API. Each has a variable, for compose files and units. */
const accessOptions: readonly Option[] = [
  new Option('--token-file <file>', 'names, roles and bearer tokens (YAML)').env(
    'COMPOSEMESH_TOKEN_FILE',
  ),
  new Option(
    '--https <address>',
    'address of the configuration API over TLS (default: 127.0.0.1:8443 with --tls-cert)',
  ).env('COMPOSEMESH_HTTPS'),
  new Option('--tls-cert <file>', 'certificate chain for --https (PEM)').env(
    'COMPOSEMESH_TLS_CERT',
  ),
  new Option('--tls-key <file>', 'key of the certificate (PEM)').env('COMPOSEMESH_TLS_KEY'),
  new Option('--audit-log <file>', 'record of all writes, - for standard output').env(
    'COMPOSEMESH_AUDIT_LOG',
  ),
  new Option(
    '--local-role <role>',
    'what this machine may do without a token: none, read, write or admin (default: admin)',
  ).env('COMPOSEMESH_LOCAL_ROLE'),
  new Option(
    '--remote-role <role>',
    'what others may do without a token: none, read, write or admin (default: read)',
  ).env('COMPOSEMESH_REMOTE_ROLE'),
  new Option(
    '--published-on <address>',
    'in a container: where the Engine publishes the port of --http; if that is loopback, what it forwards is local',
  ).env('COMPOSEMESH_PUBLISHED_ON'),
  new Option(
    '--published-from <addresses>',
    'from where the Engine forwards to it: addresses, or gateway (default: gateway)',
  ).env('COMPOSEMESH_PUBLISHED_FROM'),
];
