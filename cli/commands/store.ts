import type { Command } from 'commander';
import type {
  ExportFlags,
  ImportFlags,
  MigrateFlags,
  StoreCommandContext,
} from '../../pilot/client/store-command.ts';
import { addFileOptions } from '../file-options.ts';
import { runCommand } from '../run-command.ts';

/** `cmesh store`: moves configuration between stores, with pilot or without. */
export function addStoreCommand(program: Command): void {
  const store = program
    .command('store')
    .description('move rules between the places where they are kept')
    .addHelpText(
      'after',
      `
Stores: dir:PATH (a folder of YAML files) and consul://HOST:PORT/PREFIX; docs/stores.md compares them.
The environment variable CONSUL_HTTP_TOKEN gives the ACL token for Consul.

Examples:
  cmesh store migrate --from dir:./config --to consul://127.0.0.1:8500
  cmesh store export --from consul://127.0.0.1:8500 > rules.yaml
  cmesh store import --to dir:./config -f rules.yaml

Exit codes: 0 all there, 1 a conflict, a refusal or a mistake, 2 wrong usage`,
    );
  addMigrate(store);
  addExport(store);
  addImport(store);
}

function addMigrate(store: Command): void {
  const command = store
    .command('migrate')
    .description('copy all rules of a store into another one')
    .requiredOption('--from <store>', 'the store to read')
    .addHelpText(
      'after',
      `
Examples:
  cmesh store migrate --from dir:./config --to consul://127.0.0.1:8500 --dry-run
  cmesh store migrate --from dir:./config --to consul://127.0.0.1:8500/composemesh/config
  cmesh store migrate --from consul://127.0.0.1:8500 --to dir:./config --on-conflict overwrite

The source is not changed. An interrupted migration is finished by doing it again.
Exit codes: 0 all there, 1 a conflict, a refusal or a mistake in the source, 2 wrong usage`,
    )
    .action((flags: MigrateFlags) =>
      runStoreCommand('migrate', async (context) => {
        const { migrateStore } = await import('../../pilot/client/store-command.ts');
        return migrateStore(flags, context);
      }),
    );
  addTransferOptions(command);
}

function addExport(store: Command): void {
  store
    .command('export')
    .description('write all rules of a store as YAML, in an order fit for git')
    .requiredOption('--from <store>', 'the store to read')
    .option('--file <path>', 'write there instead of to standard output')
    .option('--with-identity', 'keep uid and time of creation')
    .option('--consul-token <token>', 'ACL token for Consul (default: $CONSUL_HTTP_TOKEN)')
    .addHelpText(
      'after',
      `
Examples:
  cmesh store export --from consul://127.0.0.1:8500 > rules.yaml
  cmesh store export --from dir:./config --with-identity --file backup.yaml

Secrets are among it, as they are stored.
Exit codes: 0 written, 1 the store holds mistakes, which are left out, 2 wrong usage`,
    )
    .action((flags: ExportFlags) =>
      runStoreCommand('export', async (context) => {
        const { exportStore } = await import('../../pilot/client/store-command.ts');
        return exportStore(flags, context);
      }),
    );
}

function addImport(store: Command): void {
  const command = store
    .command('import')
    .description('put the rules of files into a store')
    .addHelpText(
      'after',
      `
Examples:
  cmesh store import --to consul://127.0.0.1:8500 -f rules.yaml
  cmesh store export --from dir:./config | cmesh store import --to consul://127.0.0.1:8500 -f -

All files are checked before the first rule is written.
Exit codes: 0 all there, 1 a conflict, a refusal or a mistake in a file, 2 wrong usage`,
    )
    .action((flags: ImportFlags) =>
      runStoreCommand('import', async (context) => {
        const { importFiles } = await import('../../pilot/client/store-command.ts');
        return importFiles(flags, context);
      }),
    );
  addFileOptions(command);
  addTransferOptions(command);
}

function addTransferOptions(command: Command): void {
  command
    .requiredOption('--to <store>', 'the store to write')
    .option('--dry-run', 'say what would be written, and write nothing')
    .option(
      '--on-conflict <policy>',
      'what is there with another content: fail, overwrite or keep',
      'fail',
    )
    .option('-o, --output <format>', 'json: print the numbers as JSON')
    .option('--consul-token <token>', 'ACL token for Consul (default: $CONSUL_HTTP_TOKEN)');
}

/** A signal ends the work between two writes. */
async function runStoreCommand(
  name: string,
  action: (context: StoreCommandContext) => Promise<number>,
): Promise<void> {
  const { onTermination } = await import('../../kit/termination.ts');
  const termination = onTermination();
  const token = process.env['CONSUL_HTTP_TOKEN'];
  await runCommand(`store ${name}`, (terminal) =>
    action({ terminal, token, signal: termination.signal }),
  );
  await termination.close();
}
