/** `SERVICE_CHECK_*`: checks that the user declares and Consul runs. */
import type { Report, Setting, Settings } from './label-grammar.ts';

export type CheckSettings =
  | {
      readonly kind: 'http';
      readonly scheme: 'http' | 'https';
      readonly path: string;
      readonly method: string;
      readonly interval: string;
      readonly timeout?: string;
    }
  | { readonly kind: 'tcp'; readonly interval: string; readonly timeout?: string }
  /** The application itself reports to Consul, at least this often. */
  | { readonly kind: 'ttl'; readonly ttl: string };

const unsupported = [
  'check_script',
  'check_cmd',
  'check_grpc',
  'check_grpc_use_tls',
  'check_tls_skip_verify',
  'check_initial_status',
  'check_deregister_after',
];

const supported = [
  'check_http',
  'check_http_method',
  'check_https',
  'check_https_method',
  'check_tcp',
  'check_ttl',
  'check_interval',
  'check_timeout',
];

const defaultInterval = '10s';

/** All declared checks of a port. What is not understood is reported and left out. */
export function parseChecks(settings: Settings, report: Report): readonly CheckSettings[] {
  reportOthers(settings, report);
  const timing = {
    interval: parseDuration(settings.get('check_interval'), report) ?? defaultInterval,
    ...withTimeout(parseDuration(settings.get('check_timeout'), report)),
  };
  const http = settings.get('check_http');
  const https = settings.get('check_https');
  const ttl = parseDuration(settings.get('check_ttl'), report);
  if (http !== undefined && https !== undefined) {
    report('E_CHECK_MULTIPLE', https, `is left out, because ${http.source} is set; remove one`);
  }
  const checks: CheckSettings[] = [];
  if (http !== undefined) {
    checks.push({ ...timing, ...webCheck('http', http, settings.get('check_http_method')) });
  } else if (https !== undefined) {
    checks.push({ ...timing, ...webCheck('https', https, settings.get('check_https_method')) });
  }
  if (settings.has('check_tcp')) checks.push({ kind: 'tcp', ...timing });
  if (ttl !== undefined) checks.push({ kind: 'ttl', ttl });
  return checks;
}

function webCheck(
  scheme: 'http' | 'https',
  path: Setting,
  method: Setting | undefined,
): { kind: 'http'; scheme: 'http' | 'https'; path: string; method: string } {
  return {
    kind: 'http',
    scheme,
    path: path.value.startsWith('/') ? path.value : `/${path.value}`,
    method: (method?.value ?? 'GET').toUpperCase(),
  };
}

function reportOthers(settings: Settings, report: Report): void {
  for (const [key, setting] of settings) {
    if (!key.startsWith('check_') || supported.includes(key)) continue;
    report(
      'E_CHECK_UNSUPPORTED',
      setting,
      unsupported.includes(key)
        ? 'is not supported, so the check is not registered; use a HEALTHCHECK of the container, CHECK_HTTP or CHECK_TCP'
        : `is no known check setting; known are ${supported.join(', ').toUpperCase()}`,
    );
  }
}

/** Go's duration syntax, which Consul parses. */
function parseDuration(setting: Setting | undefined, report: Report): string | undefined {
  if (setting === undefined) return undefined;
  if (/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(setting.value)) return setting.value;
  report(
    'E_DURATION',
    setting,
    `"${setting.value}" is not a duration; write one such as 10s or 1m30s`,
  );
  return undefined;
}

function withTimeout(timeout: string | undefined): { readonly timeout?: string } {
  return timeout === undefined ? {} : { timeout };
}
