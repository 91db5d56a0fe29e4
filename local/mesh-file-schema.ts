import { Type } from 'typebox';
import { type Decoded, choice, list, mapOf, message, text } from '../pilot/api/schema.ts';
import { publishSchema } from '../pilot/store/checked-yaml.ts';
import { protocols } from '../registrator/contract/service-record.ts';

/** The one definition of a mesh file: from it come the type, the validation and docs/schemas/mesh.schema.json. */

function port(description: string): ReturnType<typeof Type.Integer> {
  return Type.Integer({ description, minimum: 1, maximum: 65_535 });
}

const env = Type.Unsafe<Record<string, string | number | boolean>>({
  type: 'object',
  description: 'Environment variables for the command. A version has those of its service too.',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
});

const run = {
  command: text(
    'A line for the shell that starts the application in the foreground. It has PORT, HOST, HTTP_PROXY, SERVICE_NAME and SERVICE_VERSION in its environment and must listen on $HOST:$PORT.',
  ),
  env,
  cwd: text(
    'Folder in which the command runs, relative to this file. Default: the folder of this file.',
  ),
  appPort: port('Port of an application that cannot be told to use $PORT.'),
} as const;

const version = message('One version of a service: one process with a sidecar.', run);

const endpoint = message(
  'A place where the service runs by itself, without a sidecar.',
  {
    address: text('IP address.'),
    port: port('Port. Default: the port of the service.'),
    version: text('Version that runs there.'),
  },
  ['address'],
);

const service = message(
  'A service of the mesh.',
  {
    port: port('Port under which others call the service, as in http://reviews:9080.'),
    protocol: choice(
      'What is spoken on the port. Without it the sidecar looks at the bytes.',
      protocols,
    ),
    ...run,
    versions: mapOf(
      'The versions, by their name; each may have its own command and settings.',
      version,
    ),
    endpoints: list('Places where the service runs already.', endpoint),
  },
  ['port'],
);

const ingressPort = message(
  'A port on which callers from outside the mesh reach a service.',
  {
    port: port('Port to listen on.'),
    bind: text('Address to listen on. Default: 127.0.0.1.'),
    service: text('Name of the service.'),
    page: text(
      'Path of the page to look at, such as /productpage: a part of the URL that is printed.',
    ),
  },
  ['port', 'service'],
);

export const meshFileSchema = message(
  'The services of a mesh that runs without containers.',
  {
    services: mapOf('The services, by the name that others call them by.', service),
    ingress: list('Where callers from outside come in.', ingressPort),
    try: list('Commands to try, printed when the mesh is ready.', text('A command line.')),
  },
  ['services'],
);

/** A mesh file as it is written. */
export type WrittenMesh = Decoded<typeof meshFileSchema>;
export type WrittenService = WrittenMesh['services'][string];

/** The schema for editors and other tools. */
export function publishMeshSchema(): object {
  return publishSchema('composemesh mesh.yaml', meshFileSchema);
}
