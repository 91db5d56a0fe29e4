import { Command, CommanderError } from 'commander';
import { exitCodes } from '../kit/exit-code.ts';
import { version } from '../kit/version.ts';
import { addAnalyzeCommand } from './commands/analyze.ts';
import { addApplyCommand } from './commands/apply.ts';
import { addBugReportCommand } from './commands/bug-report.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addDeleteCommand } from './commands/delete.ts';
import { addDiffCommand } from './commands/diff.ts';
import { addEditCommand } from './commands/edit.ts';
import { addDashboardCommand } from './commands/dashboard.ts';
import { addDescribeCommand } from './commands/describe.ts';
import { addExplainCommand } from './commands/explain.ts';
import { addGetCommand } from './commands/get.ts';
import { addHelpCommand } from './commands/help.ts';
import { addLocalCommand } from './commands/local.ts';
import { addPilotCommand } from './commands/pilot.ts';
import { addProxyConfigCommand } from './commands/proxy-config.ts';
import { addProxyStatusCommand } from './commands/proxy-status.ts';
import { addStoreCommand } from './commands/store.ts';
import { addTestCommand } from './commands/test.ts';
import { addValidateCommand } from './commands/validate.ts';
import { addVersionCommand } from './commands/version.ts';

const examples = `
Examples:
  cmesh local samples/bookinfo/mesh.yaml
  cmesh apply -f samples/bookinfo/networking/virtual-service-all-v1.yaml
  cmesh get all
  cmesh edit vs reviews
  cmesh pilot --registry consul://127.0.0.1:8500 --config-store dir:./config
  cmesh pilot --registry none --config-store dir:./config --grpc 127.0.0.1:15010 --http 127.0.0.1:8080
  cmesh registrator -internal consul://127.0.0.1:8500
  cmesh agent
  cmesh test samples/bookinfo/tests

Exit codes: 0 done, 1 refused, failed or different, 2 wrong usage, 3 no pilot answers (docs/cmesh.md)`;

/**
 * The commands in the order and the groups in which the help shows them. Each stands in a file of its own, which
 * describes it and loads what it does only when it is asked for: `cmesh --help` loads commander and these
 * descriptions, and an agent does not carry pilot's dependencies.
 */
const groups: Readonly<Record<string, readonly ((program: Command) => void)[]>> = {
  'Rules:': [
    addApplyCommand,
    addGetCommand,
    addDeleteCommand,
    addDiffCommand,
    addEditCommand,
    addValidateCommand,
    addAnalyzeCommand,
  ],
  'Tests of rules:': [addTestCommand, addExplainCommand],
  'Looking into the mesh:': [
    addProxyStatusCommand,
    addProxyConfigCommand,
    addDescribeCommand,
    addDashboardCommand,
    addVersionCommand,
    addBugReportCommand,
  ],
  'Stores:': [addStoreCommand],
  'The mesh:': [addLocalCommand, addPilotCommand, describeRegistrator, describeAgent],
  'This command:': [addCompletionCommand, addHelpCommand],
};

/** What `cmesh` reads its arguments with; wrong ones end the process with exit code 2. */
export function createProgram(): Command {
  const program = new Command('cmesh')
    .description('An Istio-style service mesh for Docker Compose and virtual machines')
    .version(version)
    .showHelpAfterError('(add --help to see what there is)')
    .exitOverride(endProcess)
    .addHelpText('after', examples);
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading);
    for (const add of commands) add(program);
  }
  // Only for what is wrong before a command: the commands have taken over what stands above.
  program.showHelpAfterError('(options stand after the command; add --help to see what there is)');
  return program;
}

/** commander has said what is wrong, or shown the help that was asked for. */
function endProcess(error: CommanderError): never {
  process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.usage);
}

/** The flags of gliderlabs/registrator are in Go's syntax (-internal), which commander cannot read: see main.ts. */
function describeRegistrator(program: Command): void {
  program
    .command('registrator')
    .description('register the containers of a Docker Engine in Consul (cmesh registrator --help)');
}

function describeAgent(program: Command): void {
  program
    .command('agent')
    .description('run Envoy for a workload; reads its settings from the environment');
}
