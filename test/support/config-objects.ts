import type { ConfigObject, Json } from '../../pilot/api/resource.ts';

/** A VirtualService that sends `name` to a subset of itself. */
export function virtualServiceObject(
  name: string,
  subset: string,
  namespace = 'default',
): ConfigObject {
  const destination = { host: name, subset };
  return configObject('VirtualService', name, {
    namespace,
    spec: { hosts: [name], http: [{ route: [{ destination }] }] },
  });
}

/** A decoded object as the API hands it to a store. */
export function configObject(
  kind: string,
  name: string,
  { namespace = 'default', spec }: { readonly namespace?: string; readonly spec: Json },
): ConfigObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind,
    metadata: { name, namespace },
    spec,
  };
}

/** The same object as a person would write it into a file. */
export function virtualServiceYaml(name: string, subset: string, namespace = 'default'): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  hosts:
    - ${name}
  http:
    - route:
        - destination:
            host: ${name}
            subset: ${subset}
`;
}
