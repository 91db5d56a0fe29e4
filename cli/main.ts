import { Command } from 'commander';
import { addExplainCommand } from './explain.ts';
import { addLocalCommand } from './local.ts';
import { addPilotCommand } from './pilot.ts';
import { addTestCommand } from './test.ts';
import { addWriteCommands } from './write.ts';
import { version } from '../kit/version.ts';

/**
 * `cmesh`: one command for every process of the mesh. A process is loaded only when it is asked for, so that
 * an agent does not carry pilot's dependencies.
 */
const examples = `
Examples:
  cmesh local samples/bookinfo/mesh.yaml
  cmesh apply -f samples/bookinfo/networking/virtual-service-all-v1.yaml
  cmesh pilot --registry consul://127.0.0.1:8500 --config-store dir:./config
  cmesh pilot --registry none --config-store dir:./config --grpc 127.0.0.1:15010 --http 127.0.0.1:8080
  cmesh registrator -internal consul://127.0.0.1:8500
  cmesh agent
  cmesh test samples/bookinfo/tests

Exit codes: 0 ended as asked, 1 failed, 2 wrong usage`;

const [command, ...rest] = process.argv.slice(2);

if (command === 'registrator') {
  // The flags of gliderlabs/registrator are in Go's syntax (-internal), which no option parser here reads.
  const { runRegistrator } = await import('../registrator/main.ts');
  process.exitCode = await runRegistrator(rest, process.env);
} else if (command === 'agent') {
  const { runAgent } = await import('../sidecar/main.ts');
  process.exitCode = await runAgent(rest, process.env);
} else {
  await createProgram().parseAsync();
}

function createProgram(): Command {
  const program = new Command('cmesh')
    .description('An Istio-style service mesh for Docker Compose and virtual machines')
    .version(version)
    .showHelpAfterError('(cmesh --help shows what there is)')
    .addHelpText('after', examples);
  addLocalCommand(program);
  addExplainCommand(program);
  addWriteCommands(program);
  addPilotCommand(program);
  addTestCommand(program);
  program
    .command('registrator')
    .description('register the containers of a Docker Engine in Consul (cmesh registrator --help)');
  program
    .command('agent')
    .description('run Envoy for a workload; reads its settings from the environment');
  return program;
}
