import type { Command } from 'commander';
import type { LocalFlags } from '../../local/config.ts';

/** `cmesh local`: a mesh on this machine, without containers. */
export function addLocalCommand(program: Command): void {
  program
    .command('local')
    .description('run a mesh on this machine: services as processes, a real Envoy beside each')
    .argument('[file]', 'the mesh file: services, versions, commands, ports', 'mesh.yaml')
    .option('--only <services>', 'start these services only, separated by commas')
    .option('--config <folder>', 'folder of the rules; a save is in force at once', 'mesh-config')
    .option('--port <port>', 'port of the first ingress, instead of the one in the file')
    .option('--http <port>', 'port of the configuration API', '8080')
    .option('--consul <url>', 'have the services of this Consul too, such as http://localhost:8500')
    .option('--zipkin <url>', 'send spans there, such as http://localhost:9411')
    .option('--json', 'print one JSON object when ready, and no progress')
    .option('--verbose', 'show all that the applications print, not only their errors')
    .option('--no-own-addresses', 'put every workload on 127.0.0.1, as where there is no 127.x')
    .addHelpText(
      'after',
      `
Examples:
  cmesh local samples/bookinfo/mesh.yaml
  cmesh local --only reviews,ratings --port 9081 --http 8081
  cmesh local --json | jq -r '.workloads[] | "\\(.name) \\(.proxy)"'

docs/local.md describes the mesh file and how to write rules.
Exit codes: 0 ended by a signal, 1 cannot start, 2 a flag or the file is wrong`,
    )
    .action(async (file: string, flags: LocalFlags) => {
      const { runLocal } = await import('../../local/main.ts');
      process.exitCode = await runLocal(file, flags, process.env);
    });
}
