import { type Command, Option } from 'commander';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import type { ExplainFlags } from '../../testkit/command/explain-command.ts';
import { completeCallers } from '../completion/live-names.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { runCommand } from '../run-command.ts';

/** `cmesh explain`: what a mesh does with a request, and because of which rule. */
export function addExplainCommand(program: Command): void {
  const collect = (value: string, earlier: readonly string[]): readonly string[] => [
    ...earlier,
    value,
  ];
  const command = program
    .command('explain')
    .description(
      'say what a mesh does with a request: listener, rule, cluster, policies, endpoints',
    )
    .argument('<request...>', '[METHOD] URL, such as GET http://reviews:9080/')
    .requiredOption('--from <workload>', 'who calls: a service, SERVICE/VERSION or a workload')
    .addOption(
      new Option('-H, --header <header>', 'a header of the request, NAME: VALUE; may be repeated')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--data <text>', 'body of the request')
    .addOption(
      new Option('--rules <path>', 'a file, folder or pattern of rules; may be repeated')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--services <file>', 'mesh file that says which services there are')
    .option('--live', 'take rules and services from the running mesh, and look at its sidecar')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The request is sent through a real Envoy with the caller's configuration, to stand-ins for the services.

Examples:
  cmesh explain --from productpage http://reviews:9080/ -H 'end-user: jason' \\
    --services samples/bookinfo/mesh.yaml --rules samples/bookinfo/networking/destination-rule-all.yaml
  cmesh explain --from productpage POST http://ratings:9080/ratings/0 --data 5 --services mesh.yaml
  cmesh explain --from productpage http://reviews:9080/ --live

Exit codes: 0 explained, 2 a flag, a file or a rule is wrong, 3 no pilot answers (docs/explain.md)`,
    )
    .action((words: readonly string[], flags: Omit<ExplainFlags, 'pilot'> & AddressFlags) =>
      runCommand('explain', async ({ print, complain }) => {
        const { runExplainCommand } = await import('../../testkit/command/explain-command.ts');
        const { findPilot } = await import('../../pilot/client/pilot-address.ts');
        const { provideEnvoy } = await import('../../toolchain/envoy.ts');
        const { tellOnce } = await import('../../toolchain/provide.ts');
        const onProgress = tellOnce((text) => {
          complain(`${text}\n`);
        });
        return runExplainCommand(
          words,
          { ...flags, pilot: findPilot(flags, process.env) },
          {
            folder: process.cwd(),
            findEnvoy: () => provideEnvoy({ env: process.env, onProgress }),
            print,
            complain,
          },
        );
      }),
    );
  addPilotOptions(completeCallers(command, '--from'));
}
