import { type FieldError, invalid } from '../../pilot/api/field-error.ts';
import type { ResourceSet } from '../../pilot/api/resource.ts';
import type { TestService } from '../mesh/service.ts';
import { adviseOn, findService, findTarget, versionsOf } from '../mesh/targets.ts';
import type { CaseFile, TestCase } from './case-file.ts';

/** Names in a case file of services, versions and subsets that do not exist. */
export function checkNames(
  { cases }: CaseFile,
  services: readonly TestService[],
  rules: ResourceSet,
): readonly FieldError[] {
  return cases.flatMap((entry) => [
    ...checkTarget(`${entry.field}.from`, entry.from?.target, services),
    ...checkUrl(entry, services),
    ...entry.when.flatMap(({ target }) =>
      checkTarget(`${entry.field}.when[${target}]`, target, services),
    ),
    ...checkExpected(entry, services, rules),
  ]);
}

function checkTarget(
  path: string,
  text: string | undefined,
  services: readonly TestService[],
): readonly FieldError[] {
  if (text === undefined) return [];
  const found = findTarget(text, services);
  return found.ok ? [] : [invalid(path, text, found.advice)];
}

/** A request that nobody can get is a mistake, unless it says that it is meant so. */
function checkUrl(
  { field, request, expect }: TestCase,
  services: readonly TestService[],
): readonly FieldError[] {
  if (expect.unreachable === true) return [];
  const { hostname, port } = new URL(request.url);
  const path = `${field}.request.url`;
  const service = findService(hostname, services);
  if (service === undefined) {
    const names = services.map(({ name }) => name);
    const advice = `there is no service ${hostname}; ${adviseOn(hostname, names)}`;
    return [invalid(path, request.url, advice)];
  }
  const numbers = service.ports.map(({ number }) => number);
  if (numbers.includes(port === '' ? 80 : Number(port))) return [];
  const missing = `${service.name} has no port ${port === '' ? 80 : port}`;
  return [invalid(path, request.url, `${missing}, only ${numbers.join(', ')}`)];
}

function checkExpected(
  entry: TestCase,
  services: readonly TestService[],
  rules: ResourceSet,
): readonly FieldError[] {
  const { expect, field } = entry;
  const path = `${field}.expect`;
  const asked = new URL(entry.request.url).hostname;
  const host = expect.host ?? expect.service;
  return [
    ...(['service', 'host'] as const).flatMap((key) =>
      checkServiceName(`${path}.${key}`, expect[key], services),
    ),
    ...checkVersion(`${path}.version`, expect.version, host, services),
    ...checkSubset(`${path}.subset`, expect.subset, rules),
    ...(expect.mirror ?? []).flatMap((target) => checkTarget(`${path}.mirror`, target, services)),
    ...(expect.split ?? []).flatMap(({ target }) =>
      checkShareTarget(`${path}.split[${target}]`, target, asked, services),
    ),
  ];
}

function checkServiceName(
  path: string,
  name: string | undefined,
  services: readonly TestService[],
): readonly FieldError[] {
  if (name === undefined || findService(name, services) !== undefined) return [];
  const names = services.map((service) => service.name);
  return [invalid(path, name, `there is no such service; ${adviseOn(name, names)}`)];
}

function checkVersion(
  path: string,
  version: string | undefined,
  name: string | undefined,
  services: readonly TestService[],
): readonly FieldError[] {
  if (version === undefined) return [];
  const service = name === undefined ? undefined : findService(name, services);
  const versions = service === undefined ? services.flatMap(versionsOf) : versionsOf(service);
  if (versions.includes(version)) return [];
  const owner = service === undefined ? 'no service has' : `${service.name} does not have`;
  const advice = `${owner} this version; ${adviseOn(version, [...new Set(versions)])}`;
  return [invalid(path, version, advice)];
}

function checkSubset(
  path: string,
  subset: string | undefined,
  rules: ResourceSet,
): readonly FieldError[] {
  if (subset === undefined) return [];
  const names = rules.flatMap((rule) =>
    rule.kind === 'DestinationRule' ? (rule.spec.subsets ?? []).map(({ name }) => name) : [],
  );
  if (names.includes(subset)) return [];
  const advice = adviseOn(subset, [...new Set(names)]);
  return [invalid(path, subset, `no DestinationRule has this subset; ${advice}`)];
}

/** What a share is of: a version of the service that is called, before any other meaning. */
function checkShareTarget(
  path: string,
  target: string,
  asked: string,
  services: readonly TestService[],
): readonly FieldError[] {
  const called = findService(asked, services);
  const all = services.flatMap(versionsOf);
  if (all.includes(target) || findTarget(target, services).ok) return [];
  const versions = called === undefined ? all : versionsOf(called);
  const names = [...versions, ...services.map(({ name }) => name)];
  return [invalid(path, target, `is no version and no service; ${adviseOn(target, names)}`)];
}
