import type { Command } from 'commander';
import type { DashboardFlags, DashboardName, DashboardOptions } from '../../inspect/dashboard.ts';
import type { ProxyFlags } from '../../inspect/proxy-source.ts';
import type { Terminal } from '../../kit/terminal.ts';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import { completeProxies } from '../completion/live-names.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { addProxyOptions } from '../proxy-options.ts';
import { runCommand } from '../run-command.ts';
import { runWithMesh } from '../run-with-mesh.ts';

interface BrowserFlags {
  readonly browser: boolean;
}

const pages: Readonly<Record<DashboardName, string>> = {
  zipkin: 'traces of requests',
  consul: 'services and their checks',
  prometheus: 'metrics',
  grafana: 'metrics as graphs',
};

/** `cmesh dashboard`: the web pages of the parts of a mesh. */
export function addDashboardCommand(program: Command): void {
  const parent = program
    .command('dashboard')
    .alias('dash')
    .description('open the web pages of Zipkin, Consul, Prometheus, Grafana or an Envoy')
    .addHelpText(
      'after',
      `
The URL is printed, and opened where there is a browser (the variable BROWSER names another one).

Examples:
  cmesh dashboard zipkin
  cmesh dashboard envoy reviews-v1            # under Compose through a port of this machine, until Ctrl-C
  cmesh dashboard envoy reviews-v1 --port 15000 --no-browser

Exit codes: 0 opened or ended, 1 nothing answers there, 2 wrong usage, 3 no pilot answers (docs/inspecting.md)`,
    );
  for (const [name, description] of Object.entries(pages) as [DashboardName, string][]) {
    parent
      .command(name)
      .description(description)
      .option('--no-browser', 'only print the URL')
      .option('--project <name>', 'Compose project, where there are several')
      .action((flags: DashboardFlags & BrowserFlags) =>
        runCommand(`dashboard ${name}`, async (terminal) => {
          const { runDashboard } = await import('../../inspect/dashboard.ts');
          return withSignal(terminal, flags, (options) => runDashboard(name, flags, options));
        }),
      );
  }
  addEnvoyPage(parent);
}

function addEnvoyPage(parent: Command): void {
  const command = parent
    .command('envoy')
    .description('the admin interface of an Envoy')
    .argument('[name]', 'the proxy')
    .option('--no-browser', 'only print the URL')
    .option('--port <number>', 'port of this machine that leads there (default: any free one)')
    .action(
      (
        name: string | undefined,
        flags: DashboardFlags & BrowserFlags & ProxyFlags & AddressFlags,
      ) =>
        runWithMesh('dashboard envoy', flags, async (terminal, mesh) => {
          const { runEnvoyDashboard } = await import('../../inspect/dashboard.ts');
          return withSignal(terminal, flags, (options) =>
            runEnvoyDashboard(name, flags, { ...options, mesh }),
          );
        }),
    );
  addProxyOptions(completeProxies(command));
  addPilotOptions(command);
}

async function withSignal(
  terminal: Terminal,
  { browser }: BrowserFlags,
  action: (options: DashboardOptions) => Promise<number>,
): Promise<number> {
  const { findBrowser, openPage } = await import('../../inspect/browser.ts');
  const { onTermination } = await import('../../kit/termination.ts');
  const command = browser ? findBrowser(process.platform, process.env) : undefined;
  const termination = onTermination();
  try {
    return await action({
      terminal,
      signal: termination.signal,
      ...(command === undefined ? {} : { open: (url) => openPage(command, url) }),
    });
  } finally {
    await termination.close();
  }
}
