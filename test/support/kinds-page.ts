import { dormant, isInForce } from '../../pilot/api/in-force.ts';
import type { KindDefinition } from '../../pilot/api/kind.ts';
import { kinds } from '../../pilot/api/kinds.ts';
import { markdownTable as table } from './markdown-table.ts';

/** The text of docs/config-kinds.md. */
export function renderKinds(): string {
  const partly = kinds.filter(({ kind }) => isInForce(kind));
  return [
    head,
    table(
      ['Kind', 'Group', 'Versions', 'Short name', 'In force'],
      kinds.map((definition) => [
        definition.kind,
        definition.group === '' ? 'core' : definition.group,
        definition.versions.join(', '),
        definition.shortNames.join(', '),
        stateOf(definition),
      ]),
    ),
    '## Fields that are not yet in force\n',
    ...partly.map((definition) => section(definition)),
  ].join('\n');
}

const head = `# Configuration kinds

<!-- Generated from pilot/api/in-force.ts: UPDATE_GOLDEN=1 npm run unit -- --grep "not in force" -->

Every kind is accepted, validated, stored and served in each of its versions. What is stored but does not change
anything yet is said at \`kubectl apply\` (as \`Warning:\`), in the log for files, and here. \`kubectl explain\` shows
all fields of a kind.
`;

function stateOf({ kind }: KindDefinition): string {
  if (dormant[kind].length === 0) return 'yes';
  if (!isInForce(kind)) return 'not yet';
  return 'yes, but for the fields below';
}

function section({ kind }: KindDefinition): string {
  const rows = dormant[kind].map(({ path = '', note = '' }) => [`\`${path}\``, note]);
  return `### ${kind}\n\n${table(['Field', 'Which values'], rows)}`;
}
