/**
 * The Meta of a service within Consul's limits (agent/structs ValidateServiceMetadata): at most 64 pairs,
 * keys of at most 128 letters, digits, `_` and `-` that do not start with `consul-`, values of at most 512
 * bytes. One bad pair would make Consul refuse the whole registration, so bad pairs are left out here.
 */
import type { Problem } from '../../kit/problem.ts';
import { metaKeys } from '../contract/service-record.ts';
import { compareText } from '../docker/container.ts';
import {
  toProblem,
  type Labelled,
  type Parsed,
  type Setting,
  type Settings,
} from '../docker/label-grammar.ts';

const maxPairs = 64;
const maxKeyLength = 128;
const maxValueBytes = 512;

const ownKeys: readonly string[] = Object.values(metaKeys);

/** The mandatory pairs, then as many of the user's as fit, by key. */
export function buildMeta(
  container: Labelled,
  mandatory: Readonly<Record<string, string>>,
  user: Settings,
): Parsed<Readonly<Record<string, string>>> {
  const problems: Problem[] = [];
  const pairs: [string, string][] = Object.entries(mandatory);
  for (const [key, setting] of [...user].sort(([left], [right]) => compareText(left, right))) {
    const fault = findFault(key, setting) ?? (pairs.length >= maxPairs ? tooMany : undefined);
    if (fault === undefined) pairs.push([key, setting.value]);
    else problems.push(toProblem(container, fault.code, { setting, message: fault.message }));
  }
  return { value: Object.fromEntries(pairs), problems };
}

interface Fault {
  readonly code: string;
  readonly message: string;
}

const tooMany: Fault = {
  code: 'E_META_COUNT',
  message: `is left out: Consul keeps at most ${maxPairs} keys of a service; remove some`,
};

function findFault(key: string, setting: Setting): Fault | undefined {
  if (ownKeys.includes(key)) {
    return { code: 'E_META_KEY', message: `is left out: the registrator itself writes "${key}"` };
  }
  if (!/^[a-z0-9_-]+$/.test(key) || key.length > maxKeyLength || key.startsWith('consul-')) {
    return {
      code: 'E_META_KEY',
      message:
        `is left out: Consul accepts keys of at most ${maxKeyLength} letters, digits, "_" and "-" ` +
        'that do not start with "consul-"; rename it',
    };
  }
  return findValueFault(setting.value);
}

/** What is wrong with a Meta value, if anything. */
export function findValueFault(value: string): Fault | undefined {
  const bytes = Buffer.byteLength(value);
  return bytes <= maxValueBytes
    ? undefined
    : {
        code: 'E_META_VALUE',
        message: `is left out: its value has ${bytes} bytes, Consul accepts ${maxValueBytes}; shorten it`,
      };
}
