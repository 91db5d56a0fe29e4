import { type Command, Option } from 'commander';

const heading = 'Options to find the proxy:';

/** The options of every command that looks at an Envoy, in the form of ProxyFlags. */
export function addProxyOptions(command: Command): Command {
  const options: readonly (readonly [string, string])[] = [
    ['-n, --namespace <name>', 'namespace of the workload, where names are not unique'],
    [
      '--admin <address>',
      'its admin interface, HOST:PORT, where neither Docker nor pilot knows it',
    ],
    ['-f, --file <dump>', 'a saved dump (/config_dump?include_eds) instead, or - for input'],
    ['--project <name>', 'its Compose project, where there are several'],
  ];
  for (const [flags, description] of options) {
    command.addOption(new Option(flags, description).helpGroup(heading));
  }
  return command;
}
