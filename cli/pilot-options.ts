import { type Command, Option } from 'commander';

const heading = 'Options to find pilot:';

/**
 * The options of every command that asks pilot, in the form of AddressFlags: `findPilot(flags, process.env)` makes an
 * address of them. They are the last ones of a command.
 */
export function addPilotOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--pilot <url>',
        'its configuration API (env: CMESH_PILOT; default: http://localhost:8080)',
      ).helpGroup(heading),
    )
    .addOption(new Option('--server <url>', 'the same, as kubectl calls it').hideHelp())
    .addOption(
      new Option(
        '--token <token>',
        'who asks, where pilot wants to know (env: CMESH_TOKEN)',
      ).helpGroup(heading),
    )
    .addOption(
      new Option(
        '--certificate-authority <file>',
        'certificates to trust, in PEM form (env: CMESH_CERTIFICATE_AUTHORITY)',
      ).helpGroup(heading),
    );
}
