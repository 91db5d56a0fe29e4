import { type Code, codes, infoOf, isCode } from '../../pilot/analysis/codes.ts';
import { judgeExample, readExamples } from './analysis-examples.ts';
import { markdownTable } from './markdown-table.ts';

/** The text of docs/analysis.md. */
export function renderAnalysis(): string {
  const examples = new Map(readExamples().map((example) => [example.code, example]));
  const all = Object.keys(codes).filter(isCode);
  const sections = themes.flatMap(([digits, title]) => [
    `## ${title}\n`,
    ...all
      .filter((code) => code.startsWith(`CM${digits}`))
      .map((code) => {
        const example = examples.get(code);
        if (example === undefined) throw new Error(`${code} has no example`);
        return section(code, example, judgeExample(example).mistake[0]?.message ?? '');
      }),
  ]);
  return [head, overview(all), ...sections, istio(all)].join('\n');
}

const themes = [
  ['01', 'References that lead nowhere'],
  ['02', 'Objects that contradict each other'],
  ['03', 'Rules that are never taken'],
  ['04', 'Subsets, ports and protocols'],
  ['05', 'Policies that do not do what they say'],
  ['06', 'Deprecated fields'],
  ['07', 'EnvoyFilters'],
] as const;

const head = `# Analysis

<!-- Generated from pilot/analysis/codes.ts and pilot/analysis/examples: UPDATE_GOLDEN=1 npm run unit -- --grep "docs/analysis.md" -->

Validation looks at one object. The analysis looks at all of them together, and at the services that the registry knows: as
\`istioctl analyze\` does, with the same results where it has the check. You hear of it in four places.

**At apply**, as warnings. They are about the object that is written, and about others that get a problem by it; the write is never
refused for them. \`--dry-run=server\` says the same and writes nothing.

\`\`\`console
$ kubectl apply -f reviews.yaml
Warning: CM0102 spec.http[0].route[0].destination.subset: DestinationRule default/reviews for reviews.service.consul does not have subset "v4"; callers get 503. Did you mean "v1"?
virtualservice.networking.istio.io/reviews configured
\`\`\`

**In the status** of the object, in the fields of Istio's \`IstioStatus\` (\`message\` and \`path\` are additions). It is worked out when
somebody reads the object and is stored nowhere; files stay as they are. A watch shows the status of the moment of each change; a status
that changes alone (because another object or a service changed) is no change of the object and makes no event.

\`\`\`console
$ kubectl get virtualservice reviews -o jsonpath='{.status.validationMessages[*].type.code}'
CM0102
\`\`\`

**From \`cmesh analyze\`**, for a running mesh, for files as if they were applied to it, and for files alone. The flags, the forms
and the exit codes are those of istioctl: 0, 79 when something is wrong (\`--failure-threshold\`, default Error), 65 when a file cannot
be read.

\`\`\`console
$ cmesh analyze                                    # the running mesh
$ cmesh analyze rules/                             # as if these files were applied
Error [CM0101] (VirtualService default/reviews rules/reviews.yaml:9:19) spec.http[0].route[0].destination.host: host "reveiws" is no service of the mesh; callers get 503. Did you mean "reviews"?
$ cmesh analyze --offline rules/                   # nothing is guessed about services
$ cmesh analyze --services mesh.yaml rules/ -o json --suppress "CM0401=DestinationRule *.default"
\`\`\`

**In pilot's log**, each problem once, and under \`/debug/problems\`. \`cmesh test\` and \`cmesh explain\` say it of the rules they try.

To say of one object that it is meant so, annotate it: \`galley.istio.io/analyze-suppress: CM0304\` (several codes with commas, or \`*\`).

Errors break calls or rules, warnings are likely mistakes, and information is for those who ask: it is left out at apply and in the log.
What needs the services is only said while the registry is known: with \`--registry none\` the services are those of the
ServiceEntries; of files alone, nothing is guessed.

The examples below are for a mesh with the services \`web\` (port 80, HTTP, versions v1 and v2), \`shop\` (ports 80 and 8080, HTTP) and
\`db\` (port 3306, declared as mysql). A test runs all of them.
`;

function overview(all: readonly Code[]): string {
  const rows = all.map((code) => {
    const { name, severity, istio: theirs = '' } = infoOf(code);
    return [`[${code}](#${code.toLowerCase()})`, name, severity, theirs];
  });
  return `## All codes\n\n${markdownTable(['Code', 'Name', 'Severity', 'istioctl'], rows)}`;
}

function section(
  code: Code,
  { mistake, fix, deleted }: { mistake: string; fix: string; deleted?: string },
  message: string,
): string {
  const { name, severity, meaning, fix: remedy, istio: theirs } = infoOf(code);
  const known = theirs === undefined ? '' : ` (${theirs})`;
  const removal = deleted === undefined ? '' : `, and \`${deleted}\` deleted`;
  return `### ${code}

**${name}**${known}, ${severity === 'info' ? 'information' : severity}. ${meaning}

${remedy}

\`\`\`yaml
${mistake.trimEnd()}
\`\`\`

> ${message}

Put right${removal}:

\`\`\`yaml
${fix.trimEnd()}
\`\`\`
`;
}

/** Checks of istioctl that have no code here, and why. */
const elsewhere: readonly (readonly [codes: string, about: string, why: string])[] = [
  ['IST0106, IST0133', 'Schema', 'validation: refused, or warned of, when it is written'],
  [
    'IST0102, IST0103, IST0123, IST0146–IST0148, IST0158',
    'Injection of sidecars',
    'nothing is injected: a container has the sidecar that its compose file gives it',
  ],
  ['IST0107, IST0108, IST0125, IST0135, IST0136', 'Annotations', 'pods have none here'],
  [
    'IST0116, IST0137, IST0150',
    'Kubernetes Services',
    'services come from the registry; conflicting protocols of instances are W_PROTOCOL_CONFLICT',
  ],
  ['IST0126, IST0170', 'Several clusters', 'there is one mesh'],
  [
    'IST0134',
    'Addresses of ServiceEntries',
    'every service gets an address; CM0407 is what is left',
  ],
  ['IST0138', 'A certificate in several Gateways', 'not checked: no proxy terminates TLS yet'],
  ['IST0139, IST0141, IST0142', 'The cluster itself', 'there is none'],
  ['IST0143, IST0144, IST0162', 'Pods', 'the sidecar and the registrator say it'],
  ['IST0155', 'EnvoyFilters and the version of proxies', 'part of CM0701'],
  ['IST0156, IST0165, IST0166, IST0172, IST0176', 'The Gateway API', 'not served'],
  ['IST0157', 'Telemetry without providers', 'there is no mesh configuration with providers yet'],
  ['IST0163, IST0164', 'External control planes', 'pilot is where its address says'],
  ['IST0167', 'Policies in ambient mode', 'there is no ambient mode'],
  ['IST0168, IST0169', 'Updates of Istio', 'see CHANGELOG.md'],
  ['IST0171', 'Conditions of the Gateway API', 'not served'],
  ['IST0175', 'Where keys of tokens are fetched', 'pilot fetches none'],
  [
    'IST0177',
    'Protocols of ServiceEntries for one host',
    'CM0205: the younger entry is ignored for the host',
  ],
];

function istio(all: readonly Code[]): string {
  const differences = [
    `- \`IST0101\` is told apart by what is missing: ${all
      .filter((code) => infoOf(code).istio === 'IST0101')
      .join(', ')}.`,
    '- `IST0109`: the rules that count are those of the older VirtualService, so only the younger one is told (CM0201). tcp rules of several VirtualServices are taken one after the other, and are no conflict.',
    '- `IST0112`: a destination without port is an error only when the port of the request is not among those of the service (CM0404), because otherwise that one is taken.',
    '- `IST0130`, `IST0131`: a match is also compared by prefixes, capitals, headers, query parameters, callers and gateways, and nothing is claimed that is not certain.',
    '- `IST0173` is an error only when a route sends calls to the subset, else a warning (CM0401). An instance that is down counts.',
  ];
  return [
    '## Compared with istioctl analyze\n',
    'The table above names the code of `istioctl analyze` for the same check. Some are sharper here:\n',
    ...differences,
    '\nThese have no code of their own:\n',
    markdownTable(['istioctl', 'About', 'Here'], elsewhere),
  ].join('\n');
}
