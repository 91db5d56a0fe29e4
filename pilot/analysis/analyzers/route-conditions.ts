import { type Finding, defineAnalyzer } from '../analyzer.ts';

/** Values in the rules of a VirtualService that are allowed and do nothing. */
export const routeConditions = defineAnalyzer({
  name: 'virtualservice.conditions',
  description:
    'Finds shares that are nothing or not what they look like, and claims that nobody verifies',
  codes: ['CM0304', 'CM0306', 'CM0308'],
  kinds: ['VirtualService'],
  analyze: function* ({ spec }, facts): Iterable<Finding> {
    for (const list of ['http', 'tls', 'tcp'] as const) {
      for (const [index, { route = [] }] of (spec[list] ?? []).entries()) {
        if (route.length < 2) continue;
        yield* checkWeights(`spec.${list}[${index}].route`, route);
        yield* checkSum(`spec.${list}[${index}].route`, route);
      }
    }
    const claims = (spec.http ?? []).flatMap(({ match = [] }, index) =>
      match.flatMap(({ headers, withoutHeaders }, at) =>
        [...Object.keys(headers ?? {}), ...Object.keys(withoutHeaders ?? {})]
          .filter((name) => name.startsWith('@request.auth.claims'))
          .map((name) => ({ name, path: `spec.http[${index}].match[${at}]` })),
      ),
    );
    if (claims.length === 0 || facts.all('RequestAuthentication').length > 0) return;
    for (const { name, path } of claims) {
      const message = `asks for ${name}, and there is no RequestAuthentication that verifies tokens, so it never holds. Apply one for the proxies of the gateway`;
      yield { code: 'CM0306', path, message };
    }
  },
});

interface Share {
  readonly destination: { readonly host: string; readonly subset?: string };
  readonly weight?: number;
}

/** Sums between which weights are taken for percentages: what is less or more is a ratio. */
const percentages = { least: 20, most: 200 };

function* checkSum(path: string, route: readonly Share[]): Iterable<Finding> {
  const weights = route.map(({ weight = 0 }) => weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 100 || total <= percentages.least || total >= percentages.most) return;
  const shares = weights.map((weight) => `${Number(((weight / total) * 100).toFixed(1))} %`);
  const message = `the weights ${weights.join(', ')} add up to ${total}, so the shares are ${shares.join(', ')}. Make them add up to 100`;
  yield { code: 'CM0308', path, message };
}

/** Shares of several destinations; validation demands that they do not add up to nothing. */
function* checkWeights(path: string, route: readonly Share[]): Iterable<Finding> {
  for (const [index, { destination, weight = 0 }] of route.entries()) {
    if (weight !== 0) continue;
    const name = [destination.host, destination.subset].filter((part) => part !== undefined);
    const message = `${name.join('/')} has weight 0 and gets nothing. Remove it, or give it a share`;
    yield { code: 'CM0304', path: `${path}[${index}].weight`, message };
  }
}
