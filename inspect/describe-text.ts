import { formatAge } from '../kit/age.ts';
import type { Problem } from '../kit/problem.ts';
import type { Paint } from '../kit/terminal.ts';
import { layOutTable } from '../kit/text-table.ts';
import type {
  DescribedDestinationRule,
  DescribedRule,
  DescribedService,
  DescribedWorkload,
} from './description.ts';
import type { Share } from './rule-words.ts';

/** A description of a service for people. */
export function formatService(service: DescribedService, paint: Paint): string {
  const { hostname, namespace, address, resolution, names, ports, ingress } = service;
  return [
    `${paint('bold', 'Service:')} ${hostname} (namespace ${namespace})\n`,
    `   called ${names.join(', ')}; virtual address ${address}; members ${resolution}\n`,
    section(
      'Ports',
      ports.map(({ number, protocol = 'detected', handling, from }) => [
        String(number),
        protocol,
        handling === 'http' ? 'requests are routed' : 'bytes are passed on',
        `protocol from ${from}`,
      ]),
      paint,
    ),
    ingress.length === 0
      ? ''
      : section(
          'From outside',
          ingress.map((url) => [url]),
          paint,
        ),
    section('Instances that get calls', instanceRows(service), paint, 'none: callers get 503'),
    formatDestinationRule(service.destinationRule, paint),
    formatRules(service.rules, paint),
    formatProblems(service.problems, paint),
  ].join('');
}

function instanceRows({ workloads }: DescribedService): readonly (readonly string[])[] {
  return workloads.map(({ proxy, address, port, labels, subsets, synced }) => [
    proxy ?? 'no proxy connected',
    `${address}:${port}`,
    formatLabels(labels),
    subsets.length === 0 ? '' : `subset ${subsets.join(', ')}`,
    synced === false ? 'its proxy is not in sync' : '',
  ]);
}

function formatDestinationRule(rule: DescribedDestinationRule | undefined, paint: Paint): string {
  if (rule === undefined) return '';
  const { resource, policy, subsets, shadowed } = rule;
  const rows = subsets.map(({ name, labels, endpoints, policy: own }) => [
    `subset ${name}`,
    formatLabels(labels),
    endpoints.length === 0
      ? paint('red', 'no instance: calls to it get 503')
      : endpoints.join(', '),
    own.length === 0 ? '' : `policy ${own.join(', ')}`,
  ]);
  const all = policy.length === 0 ? [] : [[`policy for all: ${policy.join(', ')}`]];
  const others = shadowed.map((other) => [`without effect, since it comes first: ${other}`]);
  return section(resource, [...all, ...rows, ...others], paint, 'no subsets and no policy');
}

function formatRules(rules: readonly DescribedRule[], paint: Paint): string {
  if (rules.length === 0) {
    return section('Rules', [], paint, 'none: calls go to all instances alike');
  }
  const resources = [...new Set(rules.map(({ resource }) => resource))];
  return resources
    .map((resource) =>
      section(
        `${resource}, in this order`,
        rules.filter((rule) => rule.resource === resource).map(rowOfRule),
        paint,
      ),
    )
    .join('');
}

function rowOfRule({ path, name, matches, shares, actions }: DescribedRule): readonly string[] {
  return [
    path.replace(/^spec\./, ''),
    matches.length === 0 ? 'takes everything' : `if ${matches.join('; or if ')}`,
    [shares.map(formatShare).join(', '), ...actions].filter((text) => text !== '').join('; '),
    name === undefined ? '' : `(${name})`,
  ];
}

function formatShare({ host, subset, port, percent }: Share): string {
  const target = [host, ...(subset === undefined ? [] : [`subset ${subset}`])].join(' ');
  return `${percent}% to ${target}${port === undefined ? '' : ` port ${port}`}`;
}

/** A description of a workload for people. `now` is in ms since the epoch. */
export function formatWorkload(workload: DescribedWorkload, paint: Paint, now: number): string {
  const { name, namespace, address, labels, proxy, services, selectedBy } = workload;
  const age = formatAge(now - Date.parse(proxy.connectedAt));
  const program = [
    proxy.program ?? 'its proxy',
    ...(proxy.agent === undefined ? [] : [`agent ${proxy.agent}`]),
  ];
  return [
    `${paint('bold', 'Workload:')} ${name} (namespace ${namespace}) at ${address}\n`,
    `   labels ${formatLabels(labels)}\n`,
    `   ${program.join(', ')}, connected for ${age}, ${proxy.synced ? 'in sync' : paint('yellow', 'not in sync')}\n`,
    ...proxy.refuses.map(
      (text) => `   ${paint('red', 'refuses')} a part of its configuration: ${text}\n`,
    ),
    section(
      'Services',
      services.flatMap(
        ({ hostname, servicePort, port, protocol = 'detected', up, subsets, from }) => [
          [
            hostname,
            `${servicePort} → ${port}`,
            protocol,
            up
              ? 'gets calls'
              : paint('red', 'gets no calls: its checks fail, or its application does not listen'),
            subsets.length === 0 ? '' : `subset ${subsets.join(', ')}`,
            `protocol from ${from}`,
          ],
        ],
      ),
      paint,
      'none: nobody calls it by a name of the mesh',
    ),
    section(
      'Rules that lead to it',
      services.flatMap(({ rules }) =>
        rules.map(({ resource, path, share }) => [
          resource,
          path.replace(/^spec\./, ''),
          formatShare(share),
        ]),
      ),
      paint,
      'none',
    ),
    selectedBy.length === 0
      ? ''
      : section(
          'Selected by',
          selectedBy.map(({ resource, inForce }) => [
            resource,
            inForce ? '' : 'stored, not in force yet',
          ]),
          paint,
        ),
    formatProblems(workload.problems, paint),
  ].join('');
}

function formatProblems(problems: readonly Problem[], paint: Paint): string {
  if (problems.length === 0) return '';
  const lines = problems.map(({ code, severity, resource, path, message }) => {
    const place = path === undefined ? resource : `${resource}: ${path}`;
    return `   ${paint(severity === 'error' ? 'red' : 'yellow', code)} ${place}: ${message}\n`;
  });
  return `${paint('bold', 'Warnings:')}\n${lines.join('')}`;
}

function section(
  title: string,
  rows: readonly (readonly string[])[],
  paint: Paint,
  empty = '',
): string {
  const head = paint('bold', `${title}:`);
  if (rows.length === 0) return `${head} ${empty}\n`;
  const table = layOutTable(rows).replaceAll(/^/gm, '   ').replace(/ {3}$/, '');
  return `${head}\n${table}`;
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
