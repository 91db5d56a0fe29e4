import assert from 'node:assert/strict';
import { formatProblem } from '../kit/problem.ts';
import { readAgentConfig, type AgentConfig, type Surroundings } from './config.ts';

const surroundings: Surroundings = { hostname: 'reviews-v1', address: '172.20.0.4' };

function isConfig(read: ReturnType<typeof readAgentConfig>): read is AgentConfig {
  return 'workload' in read;
}

describe('the configuration of the agent', () => {
  it('follows from the name of the pod when nothing is set', () => {
    assert.deepEqual(readAgentConfig({}, surroundings), {
      workload: 'reviews-v1',
      app: 'reviews',
      namespace: 'default',
      labels: { app: 'reviews', version: 'v1' },
      address: '172.20.0.4',
      pilot: { host: 'pilot', port: 15010 },
      pilotHttp: 'http://pilot:8080',
      envoy: { binary: 'envoy', concurrency: 2, logLevel: 'warning' },
      ports: { admin: 15000, readiness: 15021, dns: 15053, prometheus: 15090 },
      logLevel: 'info',
      drainTime: 5000,
    });
  });

  it('takes every value from the environment', () => {
    const config = readAgentConfig(
      {
        SERVICE_NAME: 'ratings',
        SERVICE_VERSION: 'v2-mysql',
        POD_NAMESPACE: 'shop',
        CMESH_LABELS: 'team=blue, tier = back=end,',
        INSTANCE_IP: '127.0.0.8',
        PILOT_ADDRESS: '[::1]:16010',
        PILOT_HTTP: 'http://127.0.0.1:9090',
        ENVOY_BIN: '/opt/envoy',
        CMESH_CONCURRENCY: '1',
        CMESH_ENVOY_LOG_LEVEL: 'info',
        CMESH_ADMIN_PORT: '1',
        CMESH_READINESS_PORT: '2',
        CMESH_DNS_PORT: '3',
        CMESH_PROMETHEUS_PORT: '65535',
        CMESH_LOG_LEVEL: 'Debug',
        CMESH_DRAIN_SECONDS: '0',
      },
      surroundings,
    );
    assert.deepEqual(config, {
      workload: 'reviews-v1',
      app: 'ratings',
      namespace: 'shop',
      labels: { app: 'ratings', version: 'v2-mysql', team: 'blue', tier: 'back=end' },
      address: '127.0.0.8',
      pilot: { host: '::1', port: 16010 },
      pilotHttp: 'http://127.0.0.1:9090',
      envoy: { binary: '/opt/envoy', concurrency: 1, logLevel: 'info' },
      ports: { admin: 1, readiness: 2, dns: 3, prometheus: 65535 },
      logLevel: 'debug',
      drainTime: 0,
    });
  });

  it('has no version when the name of the pod ends otherwise', () => {
    const labels = ['details', 'v1', 'web-v1a', 'a-v1-v22'].map((hostname) => {
      const config = readAgentConfig({ SERVICE_VERSION: ' ' }, { ...surroundings, hostname });
      return isConfig(config) ? config.labels : config;
    });
    assert.deepEqual(labels, [
      { app: 'details' },
      { app: 'v1' },
      { app: 'web-v1a' },
      { app: 'a-v1', version: 'v22' },
    ]);
  });

  it('tells everything that is wrong at once', () => {
    const read = readAgentConfig(
      {
        PILOT_ADDRESS: 'pilot',
        PILOT_HTTP: 'pilot:8080',
        CMESH_CONCURRENCY: '0',
        CMESH_DNS_PORT: '70000',
        CMESH_LOG_LEVEL: 'loud',
        CMESH_LABELS: 'a=b,team',
      },
      surroundings,
    );
    assert.deepEqual(isConfig(read) ? [] : read.map(formatProblem), [
      "E_AGENT_ENVIRONMENT environment: CMESH_LABELS: 'team' is not KEY=VALUE",
      "E_AGENT_ENVIRONMENT environment: PILOT_ADDRESS: 'pilot' is not HOST:PORT such as pilot:15010",
      "E_AGENT_ENVIRONMENT environment: PILOT_HTTP: 'pilot:8080' is not a URL such as http://pilot:8080",
      "E_AGENT_ENVIRONMENT environment: CMESH_CONCURRENCY: '0' is not a whole number from 1 to 128",
      "E_AGENT_ENVIRONMENT environment: CMESH_DNS_PORT: '70000' is not a whole number from 1 to 65535",
      "E_AGENT_ENVIRONMENT environment: CMESH_LOG_LEVEL: 'loud' is none of debug, info, warn, error, silent",
    ]);
  });
});
