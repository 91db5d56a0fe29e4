/** The name of a service, and its id on the agent. */
import type { Problem } from '../../kit/problem.ts';
import type { Container, Transport } from '../docker/container.ts';
import { toProblem } from '../docker/label-grammar.ts';
import type { PortSettings } from '../docker/labels.ts';

export interface NameOptions {
  /** The Engine's host name. */
  readonly hostname: string;
  /** Only what has a SERVICE_NAME is a service. */
  readonly explicit: boolean;
}

export type Name =
  | { readonly kind: 'name'; readonly name: string; readonly problems: readonly Problem[] }
  /** The port is not a service; without problems when that is what the user asked for. */
  | { readonly kind: 'none'; readonly problems: readonly Problem[] };

/**
 * SERVICE_NAME > Compose service > base of the image. With several ports each name gets `-<port>`, unless it
 * was written for that very port.
 */
export function chooseName(
  container: Container,
  settings: PortSettings,
  { port, several, explicit }: { port: number; several: boolean; explicit: boolean },
): Name {
  const { name: written } = settings;
  if (written === undefined && explicit) return { kind: 'none', problems: [] };
  const base = written?.value ?? container.compose?.service ?? imageBase(container.image);
  if (base === undefined) {
    return refuse(container, settings, `its image "${container.image}" has no name`);
  }
  const name = several && written?.fromPort !== true ? `${base}-${port}` : base;
  return checkName(container, settings, name);
}

/** `<host>:<container>:<container port>[:udp]`, as gliderlabs/registrator makes it, or SERVICE_ID. */
export function chooseId(
  container: Container,
  settings: PortSettings,
  { port, transport, hostname }: { port: number; transport: Transport; hostname: string },
): string {
  const suffix = transport === 'udp' ? ':udp' : '';
  return settings.id ?? `${hostname}:${container.name}:${port}${suffix}`;
}

/** `registry:5000/team/web:1.2@sha256:…` → `web`; undefined for an image that is only a digest. */
function imageBase(image: string): string | undefined {
  if (/^(sha256:)?[0-9a-f]{64}$/.test(image)) return undefined;
  const base = image.split('@')[0]?.split('/').at(-1)?.split(':')[0];
  return base === '' ? undefined : base;
}

/**
 * The name becomes the host name NAME.service.consul, so it must be one DNS label. An underscore is let
 * through: Compose services have it, and only Consul's own DNS refuses it.
 */
function checkName(container: Container, settings: PortSettings, name: string): Name {
  if (name.length > 63) return refuse(container, settings, `"${name}" has ${name.length} letters`);
  if (!/^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$/i.test(name)) {
    const fixed = name.replaceAll(/[^a-z0-9_-]+/gi, '-').replaceAll(/^[-_]+|[-_]+$/g, '');
    const hint = fixed === '' ? '' : `, such as "${fixed}"`;
    return refuse(container, settings, `"${name}" is no host name${hint}`);
  }
  return { kind: 'name', name, problems: [] };
}

function refuse(container: Container, settings: PortSettings, reason: string): Name {
  const setting = settings.name ?? { value: '', source: 'SERVICE_NAME', fromPort: false };
  const message =
    `is not registered: ${reason}; ` +
    'set SERVICE_NAME to at most 63 letters, digits and "-", with a letter or digit at both ends';
  return { kind: 'none', problems: [toProblem(container, 'E_NAME', { setting, message })] };
}
