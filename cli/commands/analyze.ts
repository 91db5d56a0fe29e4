import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Problem } from '../../kit/problem.ts';
import type { Terminal } from '../../kit/terminal.ts';
import type { AnalyzeCommand } from '../../pilot/client/analyze.ts';
import type { AnalyzeFormat } from '../../pilot/client/analyze-report.ts';
import type { Connection } from '../../pilot/client/connection.ts';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import type { RegisteredService } from '../../pilot/model/service.ts';
import { outputOption } from '../output-option.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { runCommand } from '../run-command.ts';

type Severity = Problem['severity'];

interface AnalyzeFlags extends AddressFlags {
  readonly offline?: true;
  readonly services?: string;
  readonly namespace?: string;
  readonly recursive: boolean;
  readonly failureThreshold: Severity;
  readonly outputThreshold: Severity;
  readonly output?: AnalyzeFormat;
  readonly suppress: readonly string[];
  readonly analyzer: readonly string[];
  readonly listAnalyzers?: true;
  readonly domain: string;
}

/** `cmesh analyze`: what is wrong among rules and services. */
export function addAnalyzeCommand(program: Command): void {
  const command = program
    .command('analyze')
    .summary('say what is wrong among rules and services')
    .description(
      `Says what is wrong among rules and services: names that lead nowhere, rules that are never taken,
conflicts. It is about the running mesh; files count as if they were applied to it.
docs/analysis.md explains each code.`,
    )
    .argument('[files...]', 'YAML files, folders with all that is in them, or - for input')
    .option('--offline', 'take the files alone, without a mesh')
    .option('--services <file>', 'the same, with the services of this mesh file')
    .option('-n, --namespace <name>', 'only about objects of this namespace')
    .option(
      '--failure-threshold <level>',
      'fail from here on: Info, Warning or Error',
      readLevel,
      'error',
    )
    .option(
      '--output-threshold <level>',
      'show from here on: Info, Warning or Error',
      readLevel,
      'info',
    )
    .addOption(
      new Option(
        '-S, --suppress <code=object>',
        'leave out "CODE=KIND NAME.NAMESPACE", with *; may be repeated',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option('--analyzer <name>', 'only this analyzer; may be repeated')
        .argParser(collect)
        .default([], 'all'),
    )
    .option('-L, --list-analyzers', 'say which analyzers there are')
    .option('--domain <name>', 'domain in which short names are enough', 'service.consul')
    .addOption(outputOption(['log', 'json', 'yaml'], 'form of the messages'))
    .addHelpText(
      'after',
      `
Examples:
  cmesh analyze                                    # the running mesh
  cmesh analyze reviews.yaml rules/                # as if these were applied to it
  cmesh analyze --offline rules/                   # files alone; nothing is guessed about services
  cmesh analyze --services mesh.yaml rules/        # with the services of a mesh file
  cmesh analyze -S "CM0401=DestinationRule *.default" --failure-threshold Warning
  cmesh analyze -o json | jq -r '.[].message'

Exit codes: 0 nothing from the threshold on; as istioctl has them 79 problems, 65 a file cannot be read; 2 wrong usage,
3 no pilot answers`,
    )
    .action((files: readonly string[], flags: AnalyzeFlags) =>
      runCommand('analyze', (terminal) => analyze(files, flags, terminal)),
    );
  addPilotOptions(command);
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

function readLevel(text: string): Severity {
  const level = (['info', 'warning', 'error'] as const).find((one) => one === text.toLowerCase());
  if (level === undefined) throw new InvalidArgumentError('It is one of Info, Warning, Error.');
  return level;
}

async function analyze(
  places: readonly string[],
  flags: AnalyzeFlags,
  terminal: Terminal,
): Promise<number> {
  const { analyzeFiles, listAnalyzers } = await import('../../pilot/client/analyze.ts');
  if (flags.listAnalyzers === true) {
    terminal.print(listAnalyzers());
    return 0;
  }
  const choices = await readChoices(flags);
  const files = { places, isRecursive: true };
  if (flags.offline !== true && choices.services === undefined) {
    const pilot = await connect(flags);
    try {
      return await analyzeFiles({ ...choices, files, pilot }, terminal);
    } finally {
      await pilot.close();
    }
  }
  if (places.length > 0) return analyzeFiles({ ...choices, files }, terminal);
  const { OperationError } = await import('../../kit/errors.ts');
  throw new OperationError('E_USAGE', 'name files or folders to analyze without a mesh');
}

async function readChoices(flags: AnalyzeFlags): Promise<Omit<AnalyzeCommand, 'files' | 'pilot'>> {
  const { parseSuppression } = await import('../../pilot/client/suppression.ts');
  const { services, namespace, analyzer: analyzers } = flags;
  return {
    ...(services === undefined ? {} : { services: await readServices(services) }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(analyzers.length === 0 ? {} : { analyzers }),
    domain: flags.domain,
    format: flags.output ?? 'log',
    failureThreshold: flags.failureThreshold,
    outputThreshold: flags.outputThreshold,
    suppressions: flags.suppress.map(parseSuppression),
  };
}

async function connect(flags: AddressFlags): Promise<Connection> {
  const { findPilot } = await import('../../pilot/client/pilot-address.ts');
  const { connectPilot } = await import('../../pilot/client/connection.ts');
  return connectPilot(findPilot(flags, process.env));
}

/** The services of a mesh file as a registry would tell of them. */
async function readServices(file: string): Promise<readonly RegisteredService[]> {
  const { readMeshServices } = await import('../../testkit/case-file/mesh-services.ts');
  return readMeshServices(file);
}
