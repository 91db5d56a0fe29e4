/** `-tags` with a Go template over the container, as psyhomb/registrator has it. */
import type { Container } from '../docker/container.ts';
import {
  callFunction,
  findFunction,
  type TemplateMap,
  type TemplateValue,
} from './template-functions.ts';
import {
  parseTemplate,
  TemplateError,
  type Command,
  type Operand,
  type Pipeline,
  type TemplatePart,
} from './template-syntax.ts';

export interface TagTemplate {
  readonly parts: readonly TemplatePart[];
}

/** What a template may say of a container; maps may have any key below. */
const fields = [
  'ID',
  'Name',
  'Config.Hostname',
  'Config.Image',
  'Config.Labels',
  'Config.Env',
  'NetworkSettings.Networks',
];

const maps = ['Config.Labels', 'NetworkSettings.Networks'];

/** Refuses what could never work when the registrator starts: throws TemplateError. */
export function parseTagTemplate(text: string): TagTemplate {
  const parts = parseTemplate(text);
  for (const part of parts) if (part.kind === 'action') checkPipeline(part.pipeline);
  return { parts };
}

/** The text for one container. Throws TemplateError when a value does not fit its function. */
export function renderTagTemplate({ parts }: TagTemplate, container: Container): string {
  const data = describeContainer(container);
  return parts
    .map((part) => (part.kind === 'text' ? part.text : show(evaluate(part.pipeline, data))))
    .join('');
}

function checkPipeline(pipeline: Pipeline): void {
  for (const operand of pipeline.flat()) {
    if (operand.kind === 'group') checkPipeline(operand.pipeline);
    if (operand.kind === 'function') findFunction(operand.name);
    if (operand.kind === 'field') checkField(operand.path.join('.'));
  }
}

function checkField(path: string): void {
  if (fields.includes(path) || maps.some((map) => path.startsWith(`${map}.`))) return;
  throw new TemplateError(`.${path} is not there; there are .${fields.join(', .')}`);
}

/** In the words of the Engine. Of the variables only those that we read at all: SERVICE_*. */
function describeContainer(container: Container): TemplateMap {
  const { id, name, image, hostname = '', labels, env, networks } = container;
  return {
    ID: id,
    Name: `/${name}`,
    Config: {
      Hostname: hostname,
      Image: image,
      Labels: labels,
      Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    },
    NetworkSettings: {
      Networks: Object.fromEntries(
        networks.map(({ network, ipv4 = '', ipv6 = '' }) => [
          network,
          { IPAddress: ipv4, GlobalIPv6Address: ipv6 },
        ]),
      ),
    },
  };
}

function evaluate(pipeline: Pipeline, data: TemplateMap): TemplateValue {
  let result: TemplateValue | undefined;
  for (const command of pipeline) result = run(command, data, result);
  return result ?? '';
}

/** `piped` is the result of the command before. */
function run(
  [first, ...others]: Command,
  data: TemplateMap,
  piped: TemplateValue | undefined,
): TemplateValue {
  if (first.kind !== 'function') {
    if (piped !== undefined) throw new TemplateError('what follows "|" has to be a function');
    return resolve(first, data);
  }
  const args = others.map((operand) => resolve(operand, data));
  return callFunction(first.name, piped === undefined ? args : [...args, piped]);
}

function resolve(operand: Operand, data: TemplateMap): TemplateValue {
  switch (operand.kind) {
    case 'literal':
      return operand.value;
    case 'group':
      return evaluate(operand.pipeline, data);
    case 'function':
      return callFunction(operand.name, []);
    case 'field':
      return operand.path.reduce<TemplateValue>(readKey, data);
  }
}

/** A key that is not there is empty (Go prints `<no value>`, which nobody wants as a tag). */
function readKey(value: TemplateValue, key: string): TemplateValue {
  if (typeof value !== 'object' || Array.isArray(value)) return '';
  const map = value as TemplateMap;
  return Object.hasOwn(map, key) ? (map[key] ?? '') : '';
}

/** As Go prints it: `[a b]`, `map[k:v]`. */
function show(value: TemplateValue): string {
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.join(' ')}]`;
  const pairs = Object.entries(value as TemplateMap).sort(([left], [right]) =>
    left < right ? -1 : 1,
  );
  return `map[${pairs.map(([key, item]) => `${key}:${show(item)}`).join(' ')}]`;
}
