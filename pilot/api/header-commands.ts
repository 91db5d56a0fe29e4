/**
 * The commands that Envoy 1.40 puts in place of %NAME% in the value of a header (Envoy docs, "Custom request/response
 * headers" and "Format strings"). Envoy refuses a whole route table for one that it does not know.
 */

/** Without arguments. */
const plain = `
  ACCESS_LOG_TYPE BYTES_RECEIVED BYTES_RETRANSMITTED BYTES_SENT CONNECTION_ID
  CONNECTION_TERMINATION_DETAILS CUSTOM_FLAGS DOWNSTREAM_CX_RTT
  DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT
  DOWNSTREAM_DETECTED_CLOSE_TYPE DOWNSTREAM_DIRECT_LOCAL_ADDRESS
  DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID DOWNSTREAM_DIRECT_LOCAL_PORT
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS DOWNSTREAM_DIRECT_REMOTE_PORT DOWNSTREAM_HANDSHAKE_DURATION
  DOWNSTREAM_HEADER_BYTES_RECEIVED DOWNSTREAM_HEADER_BYTES_SENT DOWNSTREAM_LOCAL_ADDRESS
  DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID DOWNSTREAM_LOCAL_CLOSE_REASON DOWNSTREAM_LOCAL_DNS_SAN
  DOWNSTREAM_LOCAL_EMAIL_SAN DOWNSTREAM_LOCAL_IP_SAN DOWNSTREAM_LOCAL_OTHERNAME_SAN
  DOWNSTREAM_LOCAL_PORT DOWNSTREAM_LOCAL_SUBJECT DOWNSTREAM_LOCAL_URI_SAN DOWNSTREAM_PEER_CERT
  DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1 DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256
  DOWNSTREAM_PEER_CHAIN_SERIALS DOWNSTREAM_PEER_DNS_SAN DOWNSTREAM_PEER_EMAIL_SAN
  DOWNSTREAM_PEER_FINGERPRINT_1 DOWNSTREAM_PEER_FINGERPRINT_256 DOWNSTREAM_PEER_IP_SAN
  DOWNSTREAM_PEER_ISSUER DOWNSTREAM_PEER_ISSUER_FINGERPRINT_256 DOWNSTREAM_PEER_ISSUER_SERIAL
  DOWNSTREAM_PEER_OTHERNAME_SAN DOWNSTREAM_PEER_SERIAL DOWNSTREAM_PEER_SUBJECT
  DOWNSTREAM_PEER_URI_SAN DOWNSTREAM_REMOTE_ADDRESS DOWNSTREAM_REMOTE_PORT DOWNSTREAM_TLS_CIPHER
  DOWNSTREAM_TLS_GROUP DOWNSTREAM_TLS_SESSION_ID DOWNSTREAM_TLS_VERSION
  DOWNSTREAM_TRANSPORT_FAILURE_REASON DOWNSTREAM_WIRE_BYTES_RECEIVED DOWNSTREAM_WIRE_BYTES_SENT
  DURATION FILTER_CHAIN_NAME GRPC_STATUS_NUMBER HOSTNAME LISTENER_NAME LOCAL_REPLY_BODY
  PACKETS_RETRANSMITTED PROTOCOL REQUEST_DURATION REQUEST_HEADERS_BYTES REQUEST_TX_DURATION
  RESPONSE_CODE RESPONSE_DURATION RESPONSE_FLAGS RESPONSE_FLAGS_LONG RESPONSE_HEADERS_BYTES
  RESPONSE_TRAILERS_BYTES RESPONSE_TX_DURATION ROUNDTRIP_DURATION ROUTE_NAME SPAN_ID STREAM_ID
  TLS_JA3_FINGERPRINT TLS_JA4_FINGERPRINT TRACE_ID UNIQUE_ID UPSTREAM_CLUSTER UPSTREAM_CLUSTER_RAW
  UPSTREAM_CONNECTION_ID UPSTREAM_CONNECTION_IDS_ATTEMPTED UPSTREAM_CONNECTION_POOL_READY_DURATION
  UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT
  UPSTREAM_DETECTED_CLOSE_TYPE UPSTREAM_HEADER_BYTES_RECEIVED UPSTREAM_HEADER_BYTES_SENT
  UPSTREAM_HOST UPSTREAM_HOSTS_ATTEMPTED UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT UPSTREAM_HOST_NAME
  UPSTREAM_HOST_NAMES_ATTEMPTED UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT
  UPSTREAM_HOST_NAME_WITHOUT_PORT UPSTREAM_LOCAL_ADDRESS UPSTREAM_LOCAL_CLOSE_REASON
  UPSTREAM_LOCAL_DNS_SAN UPSTREAM_LOCAL_IP_SAN UPSTREAM_LOCAL_PORT UPSTREAM_LOCAL_URI_SAN
  UPSTREAM_PEER_CERT UPSTREAM_PEER_DNS_SAN UPSTREAM_PEER_IP_SAN UPSTREAM_PEER_ISSUER
  UPSTREAM_PEER_SUBJECT UPSTREAM_PEER_URI_SAN UPSTREAM_PROTOCOL UPSTREAM_REMOTE_ADDRESS
  UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID UPSTREAM_REMOTE_PORT UPSTREAM_REQUEST_ATTEMPT_COUNT
  UPSTREAM_SERVER_NAME UPSTREAM_TLS_CIPHER UPSTREAM_TLS_GROUP UPSTREAM_TLS_SESSION_ID
  UPSTREAM_TLS_VERSION UPSTREAM_TRANSPORT_FAILURE_REASON UPSTREAM_WIRE_BYTES_RECEIVED
  UPSTREAM_WIRE_BYTES_SENT VIRTUAL_CLUSTER_NAME
`;

/** With a format or an option that may be left out. */
const optional = `
  DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT DOWNSTREAM_PEER_CERT_V_END DOWNSTREAM_PEER_CERT_V_START
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT EMIT_TIME EMIT_TIME_LOCAL RESPONSE_CODE_DETAILS START_TIME
  START_TIME_LOCAL UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT UPSTREAM_PEER_CERT_V_END
  UPSTREAM_PEER_CERT_V_START UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT
`;

const headerName = String.raw`:?[!#$&'*+.^_|~0-9A-Za-z\`-]+`;
const anything = /^[^\r\n\0]+$/;

/** What the arguments must be, where there must be some. */
const demanding: Readonly<Record<string, RegExp>> = {
  ...forEach(
    ['REQ', 'RESP', 'TRAILER', 'REQUEST_HEADER', 'RESPONSE_HEADER', 'RESPONSE_TRAILER'],
    new RegExp(`^${headerName}(?:\\?${headerName})?$`),
  ),
  ...forEach(
    ['DYNAMIC_METADATA', 'CLUSTER_METADATA', 'UPSTREAM_METADATA', 'ENVIRONMENT', 'QUERY_PARAM'],
    anything,
  ),
  ...forEach(['PER_REQUEST_STATE'], anything),
  ...forEach(
    ['FILTER_STATE', 'UPSTREAM_FILTER_STATE'],
    /^[^:\r\n\0]+(?::PLAIN|:TYPED|:FIELD:[^:\r\n\0]+)?$/,
  ),
  METADATA:
    /^(?:DYNAMIC|CLUSTER|ROUTE|UPSTREAM_HOST|LISTENER|LISTENER_FILTER_CHAIN|VIRTUAL_HOST):[^\r\n\0]+$/,
  COMMON_DURATION: /^\w+:\w+:(?:ms|us|ns)$/,
  // Only names and fields: whether any other expression is right, only Envoy could say.
  CEL: /^(?:request|response|connection|upstream|source|destination|xds)(?:\.[a-z]{3,}(?:_[a-z]+)*|\['[\w.-]+'\])+$/,
};

/** What the arguments may be, where they may be left out. */
const choosy: Readonly<Record<string, RegExp>> = {
  ...forEach(split(optional), /^[^\r\n\0]*$/),
  GRPC_STATUS: /^(?:CAMEL_STRING|SNAKE_STRING|NUMBER)$/,
  PATH: /^(?:WQ|NQ)$/,
  QUERY_PARAMS: /^(?:ORIG|DECODED)$/,
  REQUESTED_SERVER_NAME: /^(?:SNI_ONLY|SNI_FIRST|HOST_FIRST)$/,
};

const plainNames: ReadonlySet<string> = new Set(split(plain));

/** These take the number of characters to keep behind the arguments. */
const shortened: ReadonlySet<string> = new Set([
  'REQ',
  'RESP',
  'TRAILER',
  'REQUEST_HEADER',
  'RESPONSE_HEADER',
  'RESPONSE_TRAILER',
  'DYNAMIC_METADATA',
  'ENVIRONMENT',
  'QUERY_PARAM',
  'FILTER_STATE',
  'UPSTREAM_FILTER_STATE',
]);

const command = /^%([A-Z_0-9]+)(?:\(([^)]*)\))?(?::(\d{1,9}))?%/;

/** What Envoy would not understand in the value of a header, or undefined when it is fine. */
export function findCommandFault(value: string): string | undefined {
  let at = value.indexOf('%');
  while (at !== -1) {
    const rest = value.slice(at);
    const found = /^%%/.exec(rest) ?? command.exec(rest);
    if (found === null) return 'has a single %; write %% for a percent sign, or %COMMAND%';
    const fault = found[0] === '%%' ? undefined : judge(found);
    if (fault !== undefined) return fault;
    at = value.indexOf('%', at + found[0].length);
  }
  return undefined;
}

type Found = readonly (string | undefined)[];

function judge([text = '', name = '', given, length]: Found): string | undefined {
  if (!isCommand(name)) {
    return `has ${text}, which is no command of Envoy; write %% for a percent sign`;
  }
  const wanted = demanding[name];
  if (wanted !== undefined && given === undefined) return `has ${text} without its argument`;
  if (given !== undefined && !takes(wanted ?? choosy[name], given)) {
    return `has ${text} with an argument that ${name} does not take`;
  }
  return length !== undefined && !shortened.has(name)
    ? `has ${text} with a length, which ${name} does not take`
    : undefined;
}

function isCommand(name: string): boolean {
  return plainNames.has(name) || Object.hasOwn(demanding, name) || Object.hasOwn(choosy, name);
}

function takes(rule: RegExp | undefined, given: string): boolean {
  return rule?.test(given) === true;
}

function split(names: string): readonly string[] {
  return names.split(/\s+/).filter((name) => name !== '');
}

function forEach(names: readonly string[], rule: RegExp): Readonly<Record<string, RegExp>> {
  return Object.fromEntries(names.map((name) => [name, rule]));
}
