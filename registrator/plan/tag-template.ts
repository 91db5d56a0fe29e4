/** `-tags` with a Go template over the container, as psyhomb/registrator has it. */
import type { Container } from '../docker/container.ts';
import { checkTemplate } from './template-check.ts';
import { TemplateError } from './template-error.ts';
import { renderParts } from './template-evaluation.ts';
import { parseTemplate } from './template-syntax.ts';
import type { TemplatePart } from './template-tree.ts';
import type { TemplateMap } from './template-value.ts';

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
  checkTemplate(parts, checkField);
  return { parts };
}

/** The text for one container. Throws TemplateError when a value does not fit its function. */
export function renderTagTemplate({ parts }: TagTemplate, container: Container): string {
  return renderParts(parts, describeContainer(container));
}

/** `.Config` alone is a map of maps: it is asked for on the way to something. */
function checkField(names: readonly string[]): void {
  const path = names.join('.');
  if (fields.includes(path) || maps.some((map) => path.startsWith(`${map}.`))) return;
  if (fields.some((field) => field.startsWith(`${path}.`))) return;
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
