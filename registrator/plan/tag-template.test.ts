import assert from 'node:assert/strict';
import { idOf, inspectReply } from '../../test/fakes/containers.ts';
import { codes, plan } from '../../test/support/service-plan.ts';
import { parseContainer } from '../docker/container.ts';
import { parseTagTemplate, renderTagTemplate } from './tag-template.ts';
import { TemplateError } from './template-syntax.ts';

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
    ['{{ if .ID }}x{{ end }}', /^"if" is not supported/],
    ['{{ .Config.Cmd }}', /^\.Config\.Cmd is not there; there are \.ID, /],
    ['{{ .ID', /no end/],
    ['{{ }}', /command is missing/],
    ['{{ toUpper (.ID }}', /"\(" has no "\)"/],
    ['{{ .ID ) }}', /"\)" too many/],
    ['{{ $x }}', /^"\$x" is not understood/],
    ['{{ .ID .Name }}', /is no function/],
  ];
  for (const [template, message] of refused) {
    it(`is refused at start: ${template}`, () => {
      assert.throws(() => parseTagTemplate(template), { message } as object);
    });
  }

  it('says what does not fit when it is rendered', () => {
    const messages = ['{{ toUpper .Config.Env }}', '{{ matchFirstElement "(" .Config.Env }}'].map(
      (text) => {
        try {
          return renderTagTemplate(parseTagTemplate(text), container);
        } catch (error) {
          return error instanceof TemplateError ? error.message : 'another error';
        }
      },
    );
    assert.deepEqual(messages, ['toUpper takes text; it got list', '"(" is no regular expression']);
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
