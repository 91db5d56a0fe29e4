import { formatPlace } from '../files/rule-files.ts';
import type {
  ExplainedEndpoint,
  ExplainedRule,
  ExplainedTarget,
  Explanation,
  LiveStatus,
} from './explanation.ts';

interface Branch {
  readonly text: string;
  readonly below?: readonly Branch[];
}

/** An explanation as a tree for a terminal. */
export function formatExplanation(explanation: Explanation): string {
  const { request, from } = explanation;
  const labels = Object.entries(from.labels).map(([name, value]) => `${name}=${value}`);
  const caller = labels.length === 0 ? from.workload : `${from.workload} (${labels.join(', ')})`;
  const headers = Object.entries(request.headers).map(([name, value]) => `, ${name}: ${value}`);
  const what = request.url.startsWith('tcp:') ? 'connection' : request.method;
  return drawTree({
    text: `${what} ${request.url}${headers.join('')} from ${caller}`,
    below: [
      ...listenerOf(explanation),
      ...explanation.passed.map(passedBy),
      ...ruleOf(explanation),
      ...explanation.targets.map(targetOf),
      resultOf(explanation),
      ...(explanation.live === undefined ? [] : [liveOf(explanation.live)]),
    ],
  });
}

function listenerOf({ listener, routes }: Explanation): readonly Branch[] {
  if (listener === undefined) return [];
  const table =
    routes === undefined ? '' : `, route table ${routes.table}, virtual host ${routes.virtualHost}`;
  return [{ text: `listener ${listener}${table}` }];
}

function ruleOf({ rule, actions, targets }: Explanation): readonly Branch[] {
  const below = actions.map((text) => ({ text }));
  if (rule !== undefined) return [{ text: `${nameRule(rule)}${reasons(rule)}`, below }];
  return targets.length === 0 ? [] : [{ text: 'no rule is about it: defaults of the mesh', below }];
}

function passedBy(rule: ExplainedRule): Branch {
  const because = rule.because.length === 0 ? '' : `: ${rule.because.join('; ')}`;
  return { text: `not ${nameRule(rule)}${because}` };
}

function nameRule({ object, path, name, place }: ExplainedRule): string {
  const called = name === undefined ? '' : ` "${name}"`;
  const at = place === undefined ? '' : ` (${formatPlace(place)})`;
  return `${object} ${path}${called}${at}`;
}

function reasons({ because }: ExplainedRule): string {
  return because.length === 0 ? ': takes everything' : `: ${because.join('; ')}`;
}

function targetOf(target: ExplainedTarget): Branch {
  const { cluster, share, taken, destinationRule, policies, endpoints } = target;
  const part = share === 100 ? '' : `${share} % to `;
  const rule =
    destinationRule === undefined
      ? []
      : [
          {
            text: `${destinationRule.object}${
              destinationRule.subset === undefined ? '' : ` subset ${destinationRule.subset}`
            }${destinationRule.place === undefined ? '' : ` (${formatPlace(destinationRule.place)})`}`,
          },
        ];
  return {
    text: `${part}${nameCluster(cluster)}${taken && share < 100 ? ' (this one went here)' : ''}`,
    below: [
      ...rule,
      ...policies.map((text) => ({ text })),
      ...(endpoints.length === 0
        ? cluster.startsWith('outbound')
          ? [{ text: 'no endpoints: callers get 503' }]
          : []
        : endpoints.map((endpoint) => ({ text: nameEndpoint(endpoint) }))),
    ],
  };
}

function nameCluster(cluster: string): string {
  return cluster === 'BlackHoleCluster'
    ? 'nowhere (BlackHoleCluster): no such host, port or subset'
    : `cluster ${cluster}`;
}

function nameEndpoint({ workload, address, labels }: ExplainedEndpoint): string {
  const words = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const at = address === undefined || address === workload ? '' : ` at ${address}`;
  return `endpoint ${workload}${at}${words.length === 0 ? '' : ` (${words.join(', ')})`}`;
}

function resultOf({ result }: Explanation): Branch {
  const { outcome, attempts, flags, details, answeredBy } = result;
  const tries = attempts > 1 ? `, sent ${attempts} times` : '';
  const by = answeredBy === undefined ? '' : ` by ${answeredBy}`;
  const words = flags.length === 0 ? '' : ` (${[...flags, details].join(' ')})`;
  if (outcome.kind === 'failure') return { text: `failed: ${outcome.reason}${words}` };
  const status = outcome.status === 0 ? 'connected' : `answered ${outcome.status}`;
  return { text: `${status}${by} in ${outcome.took} ms${tries}${words}` };
}

function liveOf({ synced, remarks }: LiveStatus): Branch {
  return {
    text: synced ? 'in force: the sidecar is in sync' : 'not in force everywhere',
    below: remarks.map((text) => ({ text })),
  };
}

function drawTree(root: Branch): string {
  return `${[root.text, ...drawBelow(root, '')].join('\n')}\n`;
}

function drawBelow({ below = [] }: Branch, indent: string): readonly string[] {
  return below.flatMap((branch, index) => {
    const last = index === below.length - 1;
    return [
      `${indent}${last ? '└─' : '├─'} ${branch.text}`,
      ...drawBelow(branch, `${indent}${last ? '   ' : '│  '}`),
    ];
  });
}
