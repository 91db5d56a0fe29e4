import { type TProperties, type TSchema, Type } from 'typebox';
import {
  type Decoded,
  choice,
  duration,
  flag,
  list,
  mapOf,
  message,
  text,
  textMap,
  texts,
} from '../../pilot/api/schema.ts';
import { publishSchema } from '../../pilot/store/checked-yaml.ts';
import { protocols } from '../../registrator/contract/service-record.ts';

/** The one definition of a case file: from it come the type, the validation and docs/schemas/case-file.schema.json. */

type Unsafe<T> = ReturnType<typeof Type.Unsafe<T>>;

/** A value for which a word is enough, and that has fields where it is not. */
function wordOr<S extends TSchema>(fields: S): Unsafe<string | Decoded<S>> {
  return Type.Unsafe<string | Decoded<S>>({ ...fields, type: ['string', 'object'] });
}

function scalarOr<S extends TSchema>(fields: S): Unsafe<string | number | boolean | Decoded<S>> {
  return Type.Unsafe<string | number | boolean | Decoded<S>>({
    ...fields,
    type: ['string', 'number', 'boolean', 'object'],
  });
}

function scalar(description: string): Unsafe<string | number | boolean> {
  return Type.Unsafe<string | number | boolean>({
    type: ['string', 'number', 'boolean'],
    description,
  });
}

function oneOrMore<S extends TSchema>(
  description: string,
  items: S,
): Unsafe<string | readonly Decoded<S>[]> {
  return Type.Unsafe<string | readonly Decoded<S>[]>({
    type: ['string', 'array'],
    description,
    items,
  });
}

function percent(description: string): Unsafe<string | number> {
  return Type.Unsafe<string | number>({
    type: ['string', 'number'],
    description: `${description} Such as 50%.`,
  });
}

function port(description: string): ReturnType<typeof Type.Integer> {
  return Type.Integer({ description, minimum: 1, maximum: 65_535 });
}

function status(description: string): ReturnType<typeof Type.Integer> {
  return Type.Integer({ description, minimum: 100, maximum: 599 });
}

function count(description: string, minimum: number): ReturnType<typeof Type.Integer> {
  return Type.Integer({ description, minimum, maximum: 20_000 });
}

function textMatch(
  description: string,
): ReturnType<typeof scalarOr<ReturnType<typeof message<TProperties>>>> {
  return scalarOr(
    message(`${description} A text, or one of the fields.`, {
      exact: text('The whole text.'),
      prefix: text('The beginning of the text.'),
      regex: text('A regular expression for the whole text.'),
      present: flag('true: there is some value.'),
      absent: flag('true: there is none.'),
    }),
  );
}

const target = 'A service, or SERVICE/VERSION.';

const version = wordOr(
  message(
    'A version: its name, or name and labels.',
    {
      version: text('Name of the version.'),
      labels: textMap('Labels of its workloads, besides those of the service.'),
    },
    ['version'],
  ),
);

const service = message(
  'A service that rules are tried with.',
  {
    name: text('Name by which others call it; with a dot in it, a full host name.'),
    port: port('Its port.'),
    protocol: choice('What is spoken on the port.', protocols),
    ports: list(
      'Its ports, where it has several.',
      message(
        'A port.',
        {
          number: port('Port number.'),
          protocol: choice('What is spoken on the port.', protocols),
        },
        ['number'],
      ),
    ),
    versions: list('Its versions. Default: one without a name.', version),
    labels: textMap('Labels of all its workloads, besides app and version.'),
  },
  ['name'],
);

const caller = wordOr(
  message(`Who sends the request: ${target} Or its fields.`, {
    service: text('Name of the service of the caller.'),
    version: text('Its version. Default: the first one.'),
    labels: textMap('Labels of the caller, besides those that it has from its service.'),
  }),
);

const request = wordOr(
  message(
    'What is sent: a URL that is got, or the fields of the request.',
    {
      url: text('http://SERVICE:PORT/PATH, or tcp://SERVICE:PORT for a connection.'),
      method: text('Default: GET.'),
      headers: mapOf('Headers by name.', scalar('Value.')),
      body: text('Body of the request.'),
    },
    ['url'],
  ),
);

const behaviour = message('What a backend does instead of answering with 200.', {
  status: status('Status of the answer.'),
  headers: mapOf('Headers of the answer.', scalar('Value.')),
  body: text('Body of the answer.'),
  delay: duration('Time before the answer.'),
  reset: flag('true: the connection is closed without an answer.'),
  times: count('For how many of the tries of a request; then it answers as usual.', 1),
});

const expectation = message('What must be seen of the request; at least one of the fields.', {
  service: text('Service whose backend answered.'),
  version: text('Version of the backend that answered.'),
  subset: text('Subset of the DestinationRule that the request went to.'),
  host: text('Host of the destination, short or in full.'),
  port: port('Port of the destination.'),
  path: textMatch('Path as the backend got it.'),
  authority: textMatch('Host header as the backend got it.'),
  requestHeaders: mapOf('Headers as the backend got them.', textMatch('Value.')),
  responseHeaders: mapOf('Headers as the caller got them.', textMatch('Value.')),
  status: status('Status that the caller got.'),
  redirect: textMatch('Location of the redirect that the caller got.'),
  body: textMatch('Body that the caller got.'),
  directResponse: message('The proxy answered by itself, as a rule told it.', {
    status: status('Status of the answer.'),
    body: textMatch('Body of the answer.'),
  }),
  fault: message('A rule injected a fault.', {
    delay: duration('Delay that was injected.'),
    abort: status('Status of the answer that was injected.'),
    share: percent('Share of the requests that the fault meets. Default: all.'),
  }),
  took: wordOr(
    message('Time until the answer: about so long, or limits.', {
      about: duration('Not shorter, and not much longer.'),
      less: duration('At most so long.'),
      more: duration('At least so long.'),
    }),
  ),
  attempts: count('How often the request was sent to some backend, retries included.', 0),
  mirror: oneOrMore(`Who got a copy: none, or ${target}`, Type.String()),
  split: mapOf(
    'How requests are shared out, by version, service or SERVICE/VERSION; 100% in sum.',
    percent('Share.'),
  ),
  unreachable: flag('true: nobody gets the request, and the caller gets an error.'),
  route: text(
    'The rule that decided: VirtualService NAME, the same with http[0], http[0].match[1] or tcp[0], or the name of the route.',
  ),
});

const testCase = message(
  'One case: a request, and what must come of it.',
  {
    name: text('What the case says, in words.'),
    from: caller,
    request,
    when: mapOf(`What backends do: by service, or by SERVICE/VERSION.`, behaviour),
    expect: expectation,
    requests: count(
      'How often the request is sent at least; each time all must be as expected.',
      1,
    ),
    tolerance: percent('Deviation of a share that is to be noticed. Default: 10%.'),
  },
  ['name', 'request', 'expect'],
);

export const caseFileSchema = message(
  'Cases that routing rules are tried with.',
  {
    rules: texts('Files with rules; * and ** stand for any name and any folders.'),
    services: oneOrMore(
      'The services: the path of a mesh file, the URL of the configuration API of a running mesh, or a list.',
      service,
    ),
    defaults: message('What holds for every case that does not say otherwise.', {
      from: caller,
      headers: mapOf('Headers of every request.', scalar('Value.')),
    }),
    cases: list('The cases.', testCase, { minItems: 1 }),
  },
  ['rules', 'cases'],
);

/** A case file as it is written. */
export type WrittenCaseFile = Decoded<typeof caseFileSchema>;
export type WrittenCase = WrittenCaseFile['cases'][number];
export type WrittenExpectation = WrittenCase['expect'];
export type WrittenService = Exclude<NonNullable<WrittenCaseFile['services']>, string>[number];
export type WrittenTextMatch = NonNullable<WrittenExpectation['path']>;

/** The schema for editors and other tools. */
export function publishCaseFileSchema(): object {
  return publishSchema('composemesh case file', caseFileSchema);
}
