/** What everybody gets wrong once, as somebody with `cmesh` alone does it; docs/troubleshooting.md shows what is said. */
export interface TypicalMistake {
  readonly title: string;
  /** Applied one command after another; the last one has the mistake. The names are those of the files. */
  readonly commands: readonly (readonly RuleFile[])[];
  /** What to do. */
  readonly fix: string;
}

export interface RuleFile {
  readonly name: string;
  readonly text: string;
}

const rule = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts:
    - reviews
  http:
    - route:
        - destination:
            host: reviews
            subset: v1
`;

const good: RuleFile = { name: 'reviews.yaml', text: rule };

/** The good rule with one change. */
function wrong(from: string, to: string): readonly (readonly RuleFile[])[] {
  if (!rule.includes(from)) throw new Error(`the rule has no ${from}`);
  return [[{ ...good, text: rule.replace(from, to) }]];
}

const shares = `subset: v1
          weight: 90
        - destination:
            host: reviews
            subset: v3
          weight: 20`;

const match = `- match:
        - headers:
            end-user:
              regex: (jason
      route:`;

export const typicalMistakes: readonly TypicalMistake[] = [
  {
    title: 'A field is misspelt',
    commands: wrong('subset: v1', 'subest: v1'),
    fix: 'Write what is meant; nothing was stored.',
  },
  {
    title: 'A host is misspelt',
    commands: wrong('host: reviews\n            subset: v1', 'host: reveiws'),
    fix: 'Correct it, or start the service: the warning is gone as soon as there is one.',
  },
  {
    title: 'Weights of 90 and 20',
    commands: wrong('subset: v1', shares),
    fix: 'Correct one of them.',
  },
  {
    title: 'A subset is missing',
    commands: wrong('subset: v1', 'subset: v4'),
    fix: 'Add the subset to the DestinationRule, or correct its name.',
  },
  {
    title: 'A regular expression is wrong',
    commands: wrong('- route:', match),
    fix: 'Correct it; nothing was stored.',
  },
  {
    title: 'A tab in YAML',
    commands: wrong('hosts:\n    -', 'hosts:\n\t-'),
    fix: 'Put blanks in its place.',
  },
  {
    title: 'A kind is misspelt',
    commands: wrong('VirtualService', 'VirtualServcie'),
    fix: 'Correct it.',
  },
  {
    title: 'The apiVersion is of another kind, or of none',
    commands: wrong('networking.istio.io/v1', 'network.istio.io/v1'),
    fix: 'Take one of those that are named.',
  },
  {
    title: 'The file names a version, and somebody has written since',
    commands: [[good], ...wrong('name: reviews', 'name: reviews\n  resourceVersion: "1"')],
    fix: 'Do what it says: without the line the file is written whatever there is.',
  },
  {
    title: 'Two files have an object of the same name',
    commands: [[good, { name: 'canary.yaml', text: rule.replace('subset: v1', 'subset: v3') }]],
    fix: 'Put both rules into one object; or give the second one another name, if it is for other hosts.',
  },
  {
    title: 'Two objects have rules for the same host',
    commands: [
      [good],
      [{ name: 'canary.yaml', text: rule.replace('name: reviews', 'name: reviews-canary') }],
    ],
    fix: 'Put all rules for a host into one object: the special ones first.',
  },
  {
    title: 'A port that does not exist',
    commands: wrong('subset: v1', 'subset: v1\n            port:\n              number: 9081'),
    fix: 'Name a port that the service has, or leave it out where there is only one.',
  },
  {
    title: 'A rule in a wrong namespace',
    commands: [[good], ...wrong('name: reviews', 'name: reviews\n  namespace: shop')],
    fix: 'Correct the namespace, and take the other object away: `cmesh delete vs reviews -n shop`.',
  },
];
