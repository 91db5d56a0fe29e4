import type { Command } from 'commander';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import { wantsColours } from '../../kit/terminal.ts';
import { completeWords } from '../completion/live-names.ts';
import { addPilotOptions } from '../pilot-options.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import type { MeshSource } from '../../testkit/mesh/mesh-under-test.ts';
import type { TestFlags } from '../../testkit/command/test-command.ts';

/** `cmesh test`: tries routing rules without a mesh. */
export function addTestCommand(program: Command): void {
  const command = program
    .command('test')
    .description('try routing rules: each case is a request and what must come of it')
    .argument('[files...]', 'case files, patterns or folders (default: **/*.mesh-test.yaml)')
    .option('--filter <text>', 'only cases with this in their name')
    .option('--reporter <name>', 'readable, tap, junit or json', 'readable')
    .option('--output <file>', 'write the report to a file')
    .option('--watch', 'run again when a case, a rule or the services change')
    .option('--coverage', 'say which of the rules no case reached')
    .option('--coverage-format <name>', 'text, json or lcov', 'text')
    .option('--coverage-output <file>', 'write the coverage to a file')
    .option('--fail-under <percent>', 'fail when the cases reach less of the rules')
    .option('--live', 'try the cases in the running mesh, which is not changed')
    .option('--project <name>', 'its Compose project, where there are several')
    .option('--any-rules', 'go on although the running mesh has other rules')
    .addHelpText(
      'after',
      `
Examples:
  cmesh test                                        # every **/*.mesh-test.yaml here
  cmesh test samples/bookinfo/tests                 # those of a folder
  cmesh test reviews.mesh-test.yaml --watch         # again after each save
  cmesh test --filter canary --reporter tap
  cmesh test --reporter junit --output report.xml   # for CI
  cmesh test --coverage --fail-under 90             # which rules no case reached
  cmesh test reviews.mesh-test.yaml --live          # in the running mesh

Exit codes: 0 passed, 1 failed, 2 cannot run, 3 no pilot answers (docs/testing-rules.md)`,
    )
    .action(async (files: readonly string[], flags: TestFlags & LiveFlags) => {
      const { runTestCommand } = await import('../../testkit/command/test-command.ts');
      const { onTermination } = await import('../../kit/termination.ts');
      const termination = onTermination();
      process.exitCode = await runTestCommand(files, flags, {
        signal: termination.signal,
        folder: process.cwd(),
        colours: wantsColours(process.stdout, process.env),
        openPool: () => openSource(flags),
        print: (text) => process.stdout.write(text),
        complain: (text) => process.stderr.write(text),
      });
      await termination.close();
    });
  completeWords(command, '--reporter', ['readable', 'tap', 'junit', 'json']);
  completeWords(command, '--coverage-format', ['text', 'json', 'lcov']);
  addPilotOptions(command);
}

interface LiveFlags extends AddressFlags {
  readonly live?: true;
  readonly project?: string;
  readonly anyRules?: true;
}

/** Where the cases are tried: in meshes made for them, or in the one that runs. */
async function openSource(flags: LiveFlags): Promise<MeshSource & Closer> {
  const { live, project, anyRules } = flags;
  if (live === true) {
    const { LiveSource } = await import('../../testkit/live/live-source.ts');
    const { findPilot } = await import('../../pilot/client/pilot-address.ts');
    return LiveSource.open({
      pilot: findPilot(flags, process.env),
      anyRules: anyRules === true,
      ...(project === undefined ? {} : { project }),
    });
  }
  const { provideEnvoy } = await import('../../toolchain/envoy.ts');
  const { MeshPool } = await import('../../testkit/mesh/mesh-pool.ts');
  const { tellOnce } = await import('../../toolchain/provide.ts');
  const onProgress = tellOnce((text) => {
    process.stderr.write(`${text}\n`);
  });
  return new MeshPool(await provideEnvoy({ env: process.env, onProgress }));
}
