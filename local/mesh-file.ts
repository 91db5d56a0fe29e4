import { findNearest } from '../kit/nearest.ts';
import type { Problem } from '../kit/problem.ts';
import { type FieldError, duplicate, invalid, required } from '../pilot/api/field-error.ts';
import { handlingOf } from '../pilot/model/service.ts';
import { readCheckedYaml } from '../pilot/store/checked-yaml.ts';
import type { Protocol } from '../registrator/contract/service-record.ts';
import { type WrittenMesh, type WrittenService, meshFileSchema } from './mesh-file-schema.ts';

/** What a mesh file says, with everything that a version has from its service filled in. */
export interface MeshFile {
  /** In the order of the file. */
  readonly services: readonly MeshFileService[];
  readonly ingress: readonly MeshFileIngress[];
  /** Commands to try, printed when the mesh is ready. */
  readonly try: readonly string[];
}

export interface MeshFileService {
  readonly name: string;
  /** Port under which others call it. */
  readonly port: number;
  readonly protocol?: Protocol;
  /** At least one; a service without named versions has one without a name. */
  readonly versions: readonly MeshFileVersion[];
  readonly endpoints: readonly MeshFileEndpoint[];
}

export interface MeshFileVersion {
  readonly version?: string;
  /** A line for the shell. Absent: nothing to be started. */
  readonly command?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Relative to the folder of the file. */
  readonly cwd?: string;
  /** Port of an application that cannot be told to use another. */
  readonly appPort?: number;
}

/** Where a service runs by itself. */
export interface MeshFileEndpoint {
  readonly address: string;
  readonly port: number;
  readonly version?: string;
}

export interface MeshFileIngress {
  readonly bind: string;
  readonly port: number;
  readonly service: string;
  /** Path of the page to look at, from / on. */
  readonly page: string;
}

export type ReadMeshFile =
  | { readonly ok: true; readonly file: MeshFile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads the text of a mesh file (docs/local.md). `path` is what problems call the file; each has the line and
 * column of the mistake. All mistakes are reported at once.
 */
export function readMeshFile(path: string, source: string): ReadMeshFile {
  const read = readCheckedYaml(path, source, {
    schema: meshFileSchema,
    empty: required(
      'services',
      'write the services of the mesh, such as `services: { web: { port: 80 } }`',
    ),
    checkMeaning: (value) => checkMeaning(value as WrittenMesh),
  });
  return read.ok ? { ok: true, file: complete(read.value as WrittenMesh) } : read;
}

/** A name that DNS allows as one label (RFC 1123). */
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** What Kubernetes allows as the value of a label. */
const labelValue = /^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;

function checkMeaning({ services, ingress = [] }: WrittenMesh): readonly FieldError[] {
  const names = Object.keys(services);
  if (names.length === 0) return [required('services', 'write at least one service')];
  const ports = ingress.map(({ bind = '', port }) => `${bind}:${port}`);
  return [
    ...Object.entries(services).flatMap(([name, service]) => checkService(name, service)),
    ...ingress.flatMap((entry, index) => {
      const path = `ingress[${index}]`;
      const again = ports.indexOf(ports[index] ?? '') < index;
      return [
        ...checkIngressService(`${path}.service`, entry.service, services),
        ...(again ? [duplicate(`${path}.port`, entry.port)] : []),
      ];
    }),
  ];
}

function checkService(name: string, service: WrittenService): readonly FieldError[] {
  const path = `services.${name}`;
  const versions = Object.entries(service.versions ?? {});
  const errors: FieldError[] = [];
  if (!label.test(name)) {
    errors.push(
      invalid(path, name, 'a service is called by a name of a-z, 0-9 and -, such as reviews'),
    );
  }
  for (const [version] of versions) {
    if (labelValue.test(version)) continue;
    errors.push(invalid(`${path}.versions.${version}`, version, 'a version is a name such as v1'));
  }
  if (service.versions !== undefined && versions.length === 0) {
    errors.push(required(`${path}.versions`, 'write at least one, such as v1, or leave it out'));
  }
  const fixed = completeVersions(service).map(({ appPort }) => appPort);
  const [again] = fixed.filter((port, index) => port !== undefined && fixed.indexOf(port) < index);
  if (again !== undefined) {
    const detail =
      'two versions cannot listen on one port; let them listen on $PORT, or give each its own';
    errors.push(invalid(`${path}.appPort`, again, detail));
  }
  return errors;
}

function checkIngressService(
  path: string,
  name: string,
  services: WrittenMesh['services'],
): readonly FieldError[] {
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (service === undefined) {
    const nearest = findNearest(name, Object.keys(services));
    const advice = nearest === undefined ? 'write one of `services`' : `did you mean "${nearest}"?`;
    return [invalid(path, name, `there is no such service; ${advice}`)];
  }
  if (handlingOf({ number: service.port, name: '', ...protocolOf(service) }) === 'http') return [];
  return [
    invalid(
      path,
      name,
      `the ingress serves HTTP, and this service speaks ${service.protocol ?? ''}`,
    ),
  ];
}

function complete({ services, ingress = [], try: commands = [] }: WrittenMesh): MeshFile {
  return {
    services: Object.entries(services).map(([name, service]) => ({
      name,
      port: service.port,
      ...protocolOf(service),
      versions: completeVersions(service),
      endpoints: (service.endpoints ?? []).map(({ address, port = service.port, version }) => ({
        address,
        port,
        ...(version === undefined ? {} : { version }),
      })),
    })),
    ingress: ingress.map(({ bind = '127.0.0.1', port, service, page = '/' }) => ({
      bind,
      port,
      service,
      page,
    })),
    try: commands,
  };
}

function protocolOf({ protocol }: WrittenService): { readonly protocol?: Protocol } {
  return protocol === undefined ? {} : { protocol };
}

function completeVersions(service: WrittenService): readonly MeshFileVersion[] {
  const versions: readonly (readonly [
    string | undefined,
    NonNullable<WrittenService['versions']>[string],
  ])[] = service.versions === undefined ? [[undefined, {}]] : Object.entries(service.versions);
  return versions.map(([version, own]) => {
    const { command, cwd, appPort } = { ...service, ...own };
    const env = Object.entries({ ...service.env, ...own.env });
    return {
      ...(version === undefined ? {} : { version }),
      ...(command === undefined ? {} : { command }),
      env: Object.fromEntries(env.map(([name, value]) => [name, String(value)])),
      ...(cwd === undefined ? {} : { cwd }),
      ...(appPort === undefined ? {} : { appPort }),
    };
  });
}
