import type { Command } from 'commander';
import type { TestFlags } from '../testkit/test-command.ts';

/** `cmesh test`: tries routing rules without a mesh. */
export function addTestCommand(program: Command): void {
  program
    .command('test')
    .description('try routing rules: each case is a request and what must come of it')
    .argument('[files...]', 'case files, patterns or folders (default: **/*.mesh-test.yaml)')
    .option('--filter <text>', 'only cases with this in their name')
    .option('--reporter <name>', 'readable, tap, junit or json', 'readable')
    .option('--output <file>', 'write the report to a file')
    .option('--watch', 'run again when a case, a rule or the services change')
    .addHelpText(
      'after',
      `
Examples:
  cmesh test                                        # every **/*.mesh-test.yaml here
  cmesh test samples/bookinfo/tests                 # those of a folder
  cmesh test reviews.mesh-test.yaml --watch         # again after each save
  cmesh test --filter canary --reporter tap
  cmesh test --reporter junit --output report.xml   # for CI

Exit codes: 0 passed, 1 failed, 2 cannot run (docs/testing-rules.md)`,
    )
    .action(async (files: readonly string[], flags: TestFlags) => {
      const { runTestCommand } = await import('../testkit/test-command.ts');
      const { onTermination } = await import('../kit/termination.ts');
      const termination = onTermination();
      process.exitCode = await runTestCommand(files, flags, {
        signal: termination.signal,
        folder: process.cwd(),
        colours: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
        openPool: async () => {
          const { provideEnvoy } = await import('../toolchain/envoy.ts');
          const { MeshPool } = await import('../testkit/mesh-pool.ts');
          const onProgress = (text: string): void => {
            process.stderr.write(`${text}\n`);
          };
          return new MeshPool(await provideEnvoy({ env: process.env, onProgress }));
        },
        print: (text) => process.stdout.write(text),
        complain: (text) => process.stderr.write(text),
      });
      await termination.close();
    });
}
