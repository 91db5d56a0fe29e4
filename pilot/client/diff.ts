import { exitCodes } from '../../kit/exit-code.ts';
import type { Colour, Terminal } from '../../kit/terminal.ts';
import { unifiedDiff } from '../../kit/unified-diff.ts';
import { over } from './apply.ts';
import type { Connection } from './connection.ts';
import { workOnFiles } from './file-objects.ts';
import { openObjectClient, placeOfObject } from './object-client.ts';
import { showYaml } from './print-objects.ts';
import { formatPlace } from './rule-documents.ts';
import type { FileChoice } from './rule-sources.ts';
import { showObject } from './served-kinds.ts';
import { type WireObject, asWritten, saysSame } from './wire-object.ts';

export interface DiffCommand {
  readonly files: FileChoice;
  /** The namespace of objects that name none. */
  readonly namespace?: string;
}

/**
 * `cmesh diff`: what `cmesh apply` would change, as pilot says it, in the unified format. Exit codes as those of
 * kubectl diff: 0 nothing, 1 something, 2 something was refused, so that the answer is not complete. Throws
 * OperationError `E_PILOT_UNREACHABLE`, `E_PILOT_DENIED`.
 */
export async function diffFiles(
  pilot: Connection,
  { files, namespace }: DiffCommand,
  terminal: Terminal,
): Promise<number> {
  const client = await openObjectClient(pilot);
  let differences = 0;
  const failures = await workOnFiles(
    {
      files,
      namespace,
      kinds: client.kinds,
      takes: 'valid',
      order: 'as written',
      action: async ({ object, place: inFile }) => {
        const place = placeOfObject(client.kinds, object);
        const stored = await client.get(place);
        if (stored !== undefined && !place.kind.verbs.includes('update')) return;
        const trial = { isTrial: true };
        const { object: planned } = await (stored === undefined
          ? client.create(place, object, trial)
          : client.replace(place, over(stored, object), trial));
        if (stored !== undefined && saysSame(stored, planned)) return;
        differences += 1;
        const [from, to] = hideSecrets(stored, planned);
        const label = showObject(place.kind, place.name);
        const text = unifiedDiff(
          { label: stored === undefined ? `/dev/null` : `live ${label}`, text: await show(from) },
          { label: `${formatPlace(inFile)} ${label}`, text: await show(to) },
        );
        terminal.print(paintDiff(text, terminal));
      },
    },
    terminal,
  );
  if (failures > 0) return exitCodes.usage;
  return differences > 0 ? exitCodes.failed : exitCodes.done;
}

/** Fields in one order, because only their values are to be compared. */
async function show(object: WireObject | undefined): Promise<string> {
  return object === undefined ? '' : showYaml(asWritten(object), { isSorted: true });
}

/** The diff may go to a log: of a Secret it shows which values differ, as kubectl diff does. */
function hideSecrets(
  from: WireObject | undefined,
  to: WireObject,
): readonly [WireObject | undefined, WireObject] {
  if (to.kind !== 'Secret') return [from, to];
  const [before, after] = [dataOf(from), dataOf(to)];
  const hide = (
    object: WireObject,
    [own, other]: readonly [SecretData, SecretData],
    note: string,
  ): WireObject => ({
    ...object,
    data: Object.fromEntries(
      Object.entries(own).map(([name, value]) => [
        name,
        other[name] === value || other[name] === undefined ? '***' : `*** (${note})`,
      ]),
    ),
  });
  return [
    from === undefined ? undefined : hide(from, [before, after], 'before'),
    hide(to, [after, before], 'after'),
  ];
}

type SecretData = Readonly<Record<string, unknown>>;

function dataOf(object: WireObject | undefined): SecretData {
  return (object?.['data'] ?? {}) as SecretData;
}

/** In the colours of git. */
export function paintDiff(text: string, { paint }: Pick<Terminal, 'paint'>): string {
  return text
    .split('\n')
    .map((line) => {
      const colour = line === '' ? undefined : colourOf(line);
      return colour === undefined ? line : paint(colour, line);
    })
    .join('\n');
}

function colourOf(line: string): Colour | undefined {
  if (line.startsWith('---') || line.startsWith('+++')) return 'bold';
  if (line.startsWith('@@')) return 'cyan';
  if (line.startsWith('-')) return 'red';
  return line.startsWith('+') ? 'green' : undefined;
}
