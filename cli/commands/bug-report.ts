import type { Command } from 'commander';
import type { BugReportFlags } from '../../inspect/bug-report.ts';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { runWithMesh } from '../run-with-mesh.ts';

/** `cmesh bug-report`: what others need to understand a mesh, in one archive. */
export function addBugReportCommand(program: Command): void {
  const collect = (value: string, earlier: readonly string[]): readonly string[] => [
    ...earlier,
    value,
  ];
  const command = program
    .command('bug-report')
    .description(
      'put versions, rules, what every Envoy runs, and logs into one archive, without secrets',
    )
    .option('-o, --output <file>', 'the archive (default: cmesh-bug-report-TIME.tar.gz here)')
    .option(
      '--include <path>',
      'only files below this path of the archive; may be repeated',
      collect,
      [],
    )
    .option('--exclude <path>', 'no files below this path; may be repeated', collect, [])
    .option('--dry-run', 'list the files, and collect nothing')
    .option('--max-size <megabytes>', 'leave out the biggest files beyond this', '100')
    .option('--project <name>', 'Compose project, where there are several')
    .addHelpText(
      'after',
      `
Private keys, tokens, values of Secrets, authorization headers and variables that look secret are taken out, in every
file where they stand. Host names, addresses, paths and rules stay: look through it before you make it public.

Examples:
  cmesh bug-report
  cmesh bug-report --dry-run
  cmesh bug-report --include 'proxies/reviews-*' --include resources --exclude resources/configmaps.yaml

Exit codes: 0 written, 1 failed, 2 wrong usage or it cannot be written, 3 no pilot answers and there is no container
(docs/inspecting.md)`,
    )
    .action((flags: BugReportFlags & AddressFlags) =>
      runWithMesh('bug-report', flags, async (terminal, mesh) => {
        const { runBugReport } = await import('../../inspect/bug-report.ts');
        const { isTTY } = process.stderr;
        return runBugReport(flags, {
          terminal,
          mesh: mesh(),
          folder: process.cwd(),
          now: Date.now(),
          ...(isTTY ? { onProgress: showProgress } : {}),
        });
      }),
    );
  addPilotOptions(command);
}

/** In one line, which the next words write over. */
function showProgress(text: string): void {
  process.stderr.write(`\r\u001b[Kcollecting ${text}\r`);
}
