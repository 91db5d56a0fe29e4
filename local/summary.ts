import { relative } from 'node:path';
import { layOutTable } from '../kit/text-table.ts';
import type { MeshFile } from './mesh-file.ts';
import type { LocalView, WorkloadView } from './view.ts';

/** What is printed when the mesh is ready: where everything is, and what to try next. */
export function summarize(view: LocalView, file: MeshFile, cwd: string): string {
  const config = nearPath(view.config, cwd);
  const rows: readonly (readonly [string, string])[] = [
    ...view.ingress.map(({ url, service }): readonly [string, string] => [url, service]),
    [view.api, `configuration API: ${howToAsk(view)}`],
    [`${view.api}/debug/local`, 'every workload with its proxy, admin interface and logs'],
    [`${config}/`, 'rules: save a file, and it is in force'],
    [view.logs, 'logs of the applications and of their Envoys'],
  ];
  return [
    '',
    layOutTable(rows),
    layOutTable([
      ['WORKLOAD', 'ADDRESS', 'HTTP PROXY', 'ENVOY ADMIN', 'STATE'],
      ...view.workloads.map((workload) => rowOf(workload)),
    ]),
    'Try next:',
    ...commandsFor(view, file, config).map((command) => `  ${command}`),
    '',
    'Ctrl-C ends it.',
    '',
  ].join('\n');
}

/** Where kubectl looks without a kubeconfig, and cmesh too. */
const defaultApi = 'http://localhost:8080';

function howToAsk({ api }: LocalView): string {
  return api === defaultApi
    ? 'kubectl and cmesh use it by default'
    : `kubectl -s ${api}, or export CMESH_PILOT=${api} for cmesh`;
}

function rowOf({ name, address, port, proxy, admin, up }: WorkloadView): readonly string[] {
  return [name, `${address}:${port}`, proxy, admin, up ? 'up' : 'down'];
}

/** Those of the mesh file, else what fits every mesh. */
function commandsFor(view: LocalView, file: MeshFile, config: string): readonly string[] {
  const other = view.api === defaultApi ? [] : [`# with --pilot ${view.api}`];
  const [caller] = view.workloads;
  const [target] = file.services;
  const call =
    caller === undefined || target === undefined
      ? []
      : [
          `curl -x ${caller.proxy} http://${target.name}:${target.port}/   # call a service as ${caller.name} does`,
        ];
  if (file.try.length > 0) {
    return [...(view.ingress.length === 0 ? call : []), ...file.try, ...other];
  }
  return [
    ...call,
    'cmesh apply -f FILE   # put a rule in force',
    `\${EDITOR:-vi} ${config}/rules.yaml   # the same by hand`,
    ...other,
  ];
}

function nearPath(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near === '' || near.startsWith('..') ? path : near;
}
