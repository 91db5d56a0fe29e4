import type { Command } from 'commander';
import type { PilotFlags } from '../../pilot/config.ts';

/** `cmesh pilot`: the control plane. */
export function addPilotCommand(program: Command): void {
  program
    .command('pilot')
    .description('run the control plane: Consul and rules in, xDS for Envoy out')
    .option('--registry <uri>', 'where services are found: consul://HOST:PORT or none', 'none')
    .option('--config-store <uri>', 'where rules are kept: dir:PATH or memory', 'memory')
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
  cmesh pilot --registry none --config-store dir:./config   # services are ServiceEntries only

The environment variable CONSUL_HTTP_TOKEN gives the ACL token for Consul.
Exit codes: 0 ended by a signal, 1 failed, 2 wrong usage`,
    )
    .action(async (flags: PilotFlags) => {
      const { runPilot } = await import('../../pilot/main.ts');
      process.exitCode = await runPilot(flags, process.env);
    });
}
