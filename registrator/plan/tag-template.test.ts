import assert from 'node:assert/strict';
import { idOf, inspectReply } from '../../test/fakes/containers.ts';
import { codes, plan } from '../../test/support/service-plan.ts';
import { parseContainer } from '../docker/container.ts';
import { parseTagTemplate, renderTagTemplate } from './tag-template.ts';
import { TemplateError } from './template-error.ts';

const task = 'arn:aws:ecs:region:1:task/368f4403';
const sketch = {
  name: 'web',
  image: 'team/web:1.2',
  env: ['SERVICE_8105_NAME=foo', 'HOME=/home/foobar', 'SERVICE_9404_NAME=bar'],
  labels: { 'com.amazonaws.ecs.task-arn': task, stage: 'Test' },
  networks: { mesh: '10.0.0.2 fd00::2' },
};
const container = parseContainer(inspectReply(sketch));

describe('a template in -tags', () => {
  // The examples of the old tool's own documentation first.
  const cases: readonly (readonly [string, string])[] = [
    ['{{ strSlice .ID 0 12 }}', idOf('web').slice(0, 12)],
    ['{{ sIndex 0 .Config.Env }}', 'SERVICE_8105_NAME=foo'],
    ['{{ sIndex -1 .Config.Env }}', 'SERVICE_9404_NAME=bar'],
    ['{{ mIndex "com.amazonaws.ecs.task-arn" .Config.Labels }}', task],
    ['{{ toUpper "foo" }}', 'FOO'],
    ['{{ toLower "FoO" }}', 'foo'],
    ['{{ replace -1 "=" "" "=foo=" }}', 'foo'],
    ['{{ replace 1 "=" "" "=foo=" }}', 'foo='],
    ['{{ join "," .Config.Env }}', 'SERVICE_8105_NAME=foo,SERVICE_9404_NAME=bar'],
    ['{{ split "," "/proc/bus,/proc/fs" }}', '[/proc/bus /proc/fs]'],
    ['{{ splitIndex -1 "/" .Config.Image }}', 'web:1.2'],
    ['{{ matchFirstElement "^SERVICE_9" .Config.Env }}', 'SERVICE_9404_NAME=bar'],
    [
      '{{ matchAllElements "foo|bar" .Config.Env }}',
      '[SERVICE_8105_NAME=foo SERVICE_9404_NAME=bar]',
    ],
    ['a,{{ split "/" .Config.Image | sIndex 1 | toUpper }}', 'a,WEB:1.2'],
    ['{{ toUpper (strSlice .Name 1) }}', 'WEB'],
    ['a {{- .Config.Labels.stage -}} b', 'aTestb'],
    ['{{/* nothing */}}{{ `}}` }}', '}}'],
    ['{{ .NetworkSettings.Networks.mesh.IPAddress }}', '10.0.0.2'],
    ['x{{ .Config.Labels.absent }}', 'x'],
    ['{{ sIndex 5 .Config.Env }}', 'SERVICE_9404_NAME=bar'],
    ['{{ .NetworkSettings.Networks.mesh }}', 'map[GlobalIPv6Address:fd00::2 IPAddress:10.0.0.2]'],
    // Go's own: text/template, "Actions", "Variables" and "Functions".
    ['{{ if .Config.Labels.stage }}staged{{ end }}', 'staged'],
    ['{{ if .Config.Labels.absent }}a{{ else }}b{{ end }}', 'b'],
    ['{{ if eq .Config.Labels.stage "Prod" }}p{{ else if eq .Name "/web" }}w{{ end }}', 'w'],
    ['{{ if and .ID (not .Config.Labels.absent) }}yes{{ end }}', 'yes'],
    ['{{ if or .Config.Labels.absent (gt (len .Config.Env) 1) }}yes{{ end }}', 'yes'],
    ['{{ with .Config.Labels.stage }}stage-{{ . }}-of-{{ $.Name }}{{ end }}', 'stage-Test-of-/web'],
    ['{{ with .Config.Labels.absent }}{{ . }}{{ else }}none{{ end }}', 'none'],
    ['{{ range .Config.Env }}{{ splitIndex -1 "=" . }},{{ end }}', 'foo,bar,'],
    [
      '{{ range $i, $e := .Config.Env }}{{ $i }}:{{ splitIndex 1 "=" $e }} {{ end }}',
      '0:foo 1:bar ',
    ],
    [
      '{{ range $name, $n := .NetworkSettings.Networks }}{{ $name }}={{ $n.IPAddress }}{{ end }}',
      'mesh=10.0.0.2',
    ],
    ['{{ range .Config.Labels.absent | split "," }}{{ . }}{{ else }}none{{ end }}', ''],
    ['{{ range matchAllElements "nope" .Config.Env }}x{{ else }}none{{ end }}', 'none'],
    ['{{ $s := toLower .Config.Labels.stage }}{{ if true }}{{ $s = "x" }}{{ end }}{{ $s }}', 'x'],
    ['{{ index .Config.Labels "stage" | printf "%s/%q/%d%%" "a" "b" }}', 'a/"b"/Test%'],
    ['{{ if lt 1 2 }}{{ print "a" 1 true }}{{ end }}', 'a 1 true'],
    // The example of docs/registrator-compatibility.md.
    [
      '{{ if eq .Config.Labels.stage "prod" }}critical{{ else }}best-effort{{ end }}' +
        '{{ range $name, $_ := .NetworkSettings.Networks }},net-{{ $name }}{{ end }}',
      'best-effort,net-mesh',
    ],
    ['{{- if ne .ID "" -}} x {{- end -}}', 'x'],
  ];
  for (const [template, expected] of cases) {
    it(`gives ${expected.slice(0, 40)} for ${template}`, () => {
      assert.equal(renderTagTemplate(parseTagTemplate(template), container), expected);
    });
  }

  const refused: readonly (readonly [string, RegExp])[] = [
    [
      '{{ httpGet "http://x" }}',
      /^the function httpGet is left out on purpose; there are strSlice, /,
    ],
    ['{{ nope .ID }}', /^the function nope is none/],
    ['{{ if .ID }}x', /^an if, range or with has no "end"/],
    ['{{ if .ID }}x{{ else }}y', /^an "else" has no "end"/],
    ['x{{ end }}', /^"end" belongs to no if/],
    ['{{ if .ID }}x{{ end .ID }}', /^"else" and "end" take no value/],
    ['{{ if .Config.Cmd }}x{{ end }}', /^\.Config\.Cmd is not there/],
    ['{{ range .Config.Env }}{{ $.Nope }}{{ end }}', /^\.Nope is not there/],
    ['{{ template "x" }}', /^"template" is not supported: there are if, /],
    ['{{ range .Config.Env }}{{ break }}{{ end }}', /^"break" is not supported/],
    ['{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}', /^there is no variable \$x/],
    ['{{ $x = 1 }}', /^there is no variable \$x/],
    ['{{ $x, $y := .ID }}', /^only range sets two variables/],
    ['{{ .ID := 1 }}', /^what stands before ":="/],
    ['{{ .Config.Cmd }}', /^\.Config\.Cmd is not there; there are \.ID, /],
    ['{{ .ID', /no end/],
    ['{{ }}', /command is missing/],
    ['{{ toUpper (.ID }}', /"\(" has no "\)"/],
    ['{{ .ID ) }}', /"\)" too many/],
    ['{{ $x }}', /^there is no variable \$x/],
    ['{{ # }}', /^"#" is not understood/],
    ['{{ .ID .Name }}', /is no function/],
  ];
  for (const [template, message] of refused) {
    it(`is refused at start: ${template}`, () => {
      assert.throws(() => parseTagTemplate(template), { message } as object);
    });
  }

  it('says what does not fit when it is rendered', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['{{ toUpper .Config.Env }}', 'toUpper takes text; it got list'],
      ['{{ matchFirstElement "(" .Config.Env }}', '"(" is no regular expression'],
      ['{{ range .ID }}x{{ end }}', 'range takes a list or a map; it got text'],
      ['{{ if eq .ID 1 }}x{{ end }}', 'cannot compare text and number'],
      ['{{ index .Config.Env 7 }}', 'index 7 is outside of the list'],
      ['{{ printf "%x" .ID }}', 'printf does not know %x; there are %s, %v, %d, %q'],
      ['{{ len 1 }}', 'len takes text, list or map; it got number'],
    ];
    const said = cases.map(([text]) => {
      try {
        return renderTagTemplate(parseTagTemplate(text), container);
      } catch (error) {
        return error instanceof TemplateError ? error.message : String(error);
      }
    });
    assert.deepEqual(
      said,
      cases.map(([, message]) => message),
    );
  });

  it('adds tags to every service, and none but a problem where it does not fit', () => {
    const tags = (template: string): readonly unknown[] => {
      const state = plan([{ ...sketch, exposed: ['80/tcp'], env: ['SERVICE_TAGS=own'] }], {
        tagTemplate: parseTagTemplate(template),
      });
      return [state.records.map((record) => record.tags), codes(state)];
    };
    assert.deepEqual(
      [tags('one,{{ .Config.Labels.stage }},'), tags('{{ toUpper .Config.Env }}')],
      [
        [[['own', 'one', 'Test']], []],
        [[['own']], ['E_TAGS port 80/tcp']],
      ],
    );
  });
});
