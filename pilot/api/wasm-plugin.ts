import type { FieldError } from './field-error.ts';
import { duplicate, forbidden, invalid } from './field-error.ts';
import { ageColumn, defineKind } from './kind.ts';
import { checkPolicyTarget } from './policy-target-rules.ts';
import type { WasmPluginSpec } from './wasm-plugin-schema.ts';
import { wasmPluginSchema } from './wasm-plugin-schema.ts';

export const wasmPlugin = defineKind({
  group: 'extensions.istio.io',
  versions: ['v1alpha1'],
  categories: ['istio-io', 'extensions-istio-io'],
  kind: 'WasmPlugin',
  plural: 'wasmplugins',
  singular: 'wasmplugin',
  shortNames: [],
  description: 'A WebAssembly module in the proxies.',
  columns: [ageColumn],
  schema: wasmPluginSchema,
  validate: checkWasmPlugin,
});

function* checkWasmPlugin(spec: WasmPluginSpec): Iterable<FieldError> {
  yield* checkPolicyTarget('spec', spec);
  if (!isModuleUrl(spec.url)) {
    yield invalid('spec.url', spec.url, 'must be an http, https, oci or file URL, or an image');
  }
  yield* checkVariables('spec.vmConfig.env', spec.vmConfig?.env ?? []);
  for (const [index, { ports = [] }] of (spec.match ?? []).entries()) {
    const numbers = ports.map(({ number }) => number);
    for (const [at, number] of numbers.entries()) {
      if (numbers.indexOf(number) === at) continue;
      yield duplicate(`spec.match[${index}].ports[${at}].number`, number);
    }
  }
}

/** Without a scheme it is the name of an image, such as example.com/plugin:v1. */
function isModuleUrl(text: string): boolean {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return /^[\w/]/.test(text) && URL.canParse(`http://${text}`);
  return ['http', 'https', 'oci', 'file'].includes(scheme) && URL.canParse(text);
}

type Variables = NonNullable<NonNullable<WasmPluginSpec['vmConfig']>['env']>;

function* checkVariables(path: string, variables: Variables): Iterable<FieldError> {
  const names = variables.map(({ name }) => name);
  for (const [index, { name, value, valueFrom }] of variables.entries()) {
    if (names.indexOf(name) !== index) yield duplicate(`${path}[${index}].name`, name);
    if (valueFrom === 'HOST' && value !== undefined) {
      yield forbidden(`${path}[${index}].value`, 'valueFrom HOST takes none; remove one of them');
    }
  }
}
