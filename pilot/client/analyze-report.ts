import type { Colour, Paint } from '../../kit/terminal.ts';
import { isCode } from '../analysis/codes.ts';
import { documentationOf } from '../analysis/status.ts';
import type { PlacedFinding, Severity } from './placed-finding.ts';
import { showYaml } from './print-objects.ts';

/** As istioctl calls them: log is for people. */
export type AnalyzeFormat = 'log' | 'json' | 'yaml';

const words: Readonly<Record<Severity, readonly [word: string, colour?: Colour]>> = {
  error: ['Error', 'red'],
  warning: ['Warning', 'yellow'],
  info: ['Info'],
};

/** The text of the findings, in the forms of `istioctl analyze`; `path` is ours. */
export async function formatFindings(
  findings: readonly PlacedFinding[],
  format: AnalyzeFormat,
  paint: Paint,
): Promise<string> {
  if (format === 'log') return findings.map((finding) => formatLine(finding, paint)).join('');
  const messages = findings.map(toMessage);
  return format === 'json' ? `${JSON.stringify(messages, undefined, 2)}\n` : showYaml(messages);
}

/** `Error [CM0101] (VirtualService default/reviews reviews.yaml:12:19) spec.http[0]…: host "reveiws" …` */
function formatLine(
  { code, severity, resource, reference, path, message }: PlacedFinding,
  paint: Paint,
): string {
  const [word, colour] = words[severity];
  const shown = colour === undefined ? word : paint(colour, word);
  const origin = reference === undefined ? resource : `${resource} ${reference}`;
  const field = path === undefined || path === '' ? '' : `${path}: `;
  return `${shown} [${code}] (${origin}) ${field}${message}\n`;
}

function toMessage({ code, severity, resource, reference, path, message }: PlacedFinding): object {
  return {
    code,
    level: words[severity][0],
    origin: resource,
    ...(reference === undefined ? {} : { reference }),
    ...(path === undefined ? {} : { path }),
    message,
    ...(isCode(code) ? { documentationUrl: documentationOf(code) } : {}),
  };
}
