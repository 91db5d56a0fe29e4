import { mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { OperationError, describeError } from '../../kit/errors.ts';
import { exitCodes } from '../../kit/exit-code.ts';
import type { Terminal } from '../../kit/terminal.ts';
import { unifiedDiff } from '../../kit/unified-diff.ts';
import { warn } from './file-objects.ts';
import type { Connection } from './connection.ts';
import { type NamedPlace, adviseOnMissing } from './missing-object.ts';
import { type ObjectClient, openObjectClient } from './object-client.ts';
import { showYaml } from './print-objects.ts';
import { type RuleDocument, readDocuments } from './rule-documents.ts';
import { readSelection } from './selection.ts';
import { showObject } from './served-kinds.ts';
import { RefusedError, type WireObject, asWritten, saysSame } from './wire-object.ts';

export interface EditCommand {
  /** KIND NAME... or KIND/NAME... */
  readonly words: readonly string[];
  readonly namespace: string;
}

/** Lets a person change a file, and resolves when the editor has ended. Throws OperationError `E_EDITOR`. */
export type Editor = (path: string) => Promise<void>;

/**
 * `cmesh edit`: opens objects in an editor, one after the other, and writes what comes back. What is refused is opened
 * again with the reasons at the top; nothing that was typed is lost. Exit codes: 0 written or left as it was, 1 not
 * written. Throws OperationError `E_USAGE`, `E_EDITOR`, `E_PILOT_UNREACHABLE`, `E_PILOT_DENIED`.
 */
export async function editObjects(
  pilot: Connection,
  { words, namespace }: EditCommand,
  { terminal, editor }: { readonly terminal: Terminal; readonly editor: Editor },
): Promise<number> {
  const client = await openObjectClient(pilot);
  const advise = (place: NamedPlace): Promise<string> => adviseOnMissing(pilot, place);
  const selections = readSelection(words, client.kinds);
  let failures = 0;
  for (const { kind, name } of selections) {
    if (name === undefined) {
      throw new OperationError('E_USAGE', `name what to edit: ${showObject(kind)}/NAME`);
    }
    const place = { kind, name, ...(kind.isNamespaced ? { namespace } : {}) };
    const isDone = await new Edit(client, place, { terminal, editor, advise }).run();
    if (!isDone) failures += 1;
  }
  return failures > 0 ? exitCodes.failed : exitCodes.done;
}

interface Tools {
  readonly terminal: Terminal;
  readonly editor: Editor;
  /** What to say of an object that is not there. */
  readonly advise: (place: NamedPlace) => Promise<string>;
}

/** Why a text was not taken. */
interface Reason {
  readonly text: string;
  /** The line of the object's text that it is about; missing when it is about the whole. */
  readonly line?: number;
}

/** What became of a text that came back from the editor. */
type Verdict =
  | { readonly kind: 'written'; readonly outcome: 'edited' | 'unchanged' }
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] }
  /** Somebody else has written the object since; undefined: has deleted it. */
  | { readonly kind: 'overtaken'; readonly newest: WireObject | undefined };

/** One object, from the first opening of the editor to the end. */
class Edit {
  readonly #client: ObjectClient;
  readonly #place: NamedPlace;
  readonly #tools: Tools;
  /** What pilot has, and what the next write goes over. */
  #base: WireObject | undefined;

  constructor(client: ObjectClient, place: NamedPlace, tools: Tools) {
    this.#client = client;
    this.#place = place;
    this.#tools = tools;
  }

  /** Whether the object is as the person wants it. */
  async run(): Promise<boolean> {
    const { name, kind } = this.#place;
    this.#base = await this.#client.get(this.#place);
    if (this.#base === undefined) {
      const advice = await this.#tools.advise(this.#place);
      this.#complain(`${showObject(kind)} "${name}" not found${advice}`);
      return false;
    }
    const folder = await mkdtemp(join(tmpdir(), 'cmesh-edit-'));
    const path = join(folder, `${kind.singular}-${name}.yaml`);
    const body = await showYaml(asWritten(this.#base));
    try {
      return await this.#loop(path, { head: introduce([]), body });
    } catch (error) {
      this.#complain(`your text is kept in ${path}`);
      throw error;
    }
  }

  /** Until the object is written, or the person gives up. */
  async #loop(path: string, first: Draft): Promise<boolean> {
    let draft = first;
    for (let attempt = 1; ; attempt += 1) {
      const shown = `${draft.head}${draft.body}`;
      await writeFile(path, shown, { mode: 0o600 });
      await this.#tools.editor(path);
      const text = await readFile(path, 'utf8');
      const body = withoutHead(text);
      if (text === shown || body.trim() === '') return this.#giveUp(path, attempt, body);
      const verdict = await this.#submit(body);
      if (verdict.kind === 'written') {
        await remove(path);
        this.#tools.terminal.print(`${this.#label()} ${verdict.outcome}\n`);
        return true;
      }
      draft = { head: await this.#explain(verdict), body };
    }
  }

  #label(): string {
    return showObject(this.#place.kind, this.#place.name);
  }

  async #giveUp(path: string, attempt: number, body: string): Promise<boolean> {
    if (attempt === 1 || body.trim() === '') {
      await remove(path);
      this.#complain(
        body.trim() === ''
          ? 'edit cancelled: the file was empty'
          : 'edit cancelled: nothing was changed',
      );
      return attempt === 1;
    }
    this.#complain(`edit cancelled: nothing was written; your text is kept in ${path}`);
    return false;
  }

  async #submit(body: string): Promise<Verdict> {
    const [document, another] = readDocuments({ file: 'edit', text: body });
    if (document === undefined || another !== undefined) {
      return refused([{ text: 'the file must have this one object and no other' }]);
    }
    const faults = document.problems.filter(({ severity }) => severity === 'error');
    if (faults.length > 0) {
      return refused(
        faults.map(({ path, message, place: { line } }) => ({
          text: describeFault(path, message),
          line,
        })),
      );
    }
    const stranger = this.#otherIdentity(document.object);
    if (stranger !== undefined) return refused([{ text: stranger }]);
    return document.object === undefined
      ? refused([{ text: 'there is no object in it' }])
      : this.#write(document.object, document);
  }

  /** A changed name would make a second object and leave the first. */
  #otherIdentity(object: WireObject | undefined): string | undefined {
    const base = this.#base;
    if (object === undefined || base === undefined) return undefined;
    const same = (['name', 'namespace'] as const).every(
      (field) => object.metadata[field] === base.metadata[field],
    );
    if (same && object.kind === base.kind && groupOf(object) === groupOf(base)) return undefined;
    return `kind, name and namespace cannot be changed: this is ${this.#label()} in namespace ${base.metadata.namespace ?? ''}; to make another object use cmesh apply`;
  }

  async #write(object: WireObject, document: RuleDocument): Promise<Verdict> {
    const base = this.#base;
    if (base === undefined) return refused([{ text: 'it has been deleted meanwhile' }]);
    const { resourceVersion } = base.metadata;
    const metadata = {
      ...object.metadata,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    const version = object.apiVersion.split('/').at(-1) ?? '';
    try {
      const { object: written, warnings } = await this.#client.replace(
        { ...this.#place, version },
        { ...object, metadata },
        { isTrial: false },
      );
      warn(document, warnings, this.#tools.terminal);
      return { kind: 'written', outcome: saysSame(base, written) ? 'unchanged' : 'edited' };
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (error.status === 409 || error.status === 404) {
        return { kind: 'overtaken', newest: await this.#client.get(this.#place) };
      }
      return refused(describeRefusal(error, document));
    }
  }

  /** The top of the file when it is opened again. */
  async #explain(verdict: Exclude<Verdict, { readonly kind: 'written' }>): Promise<string> {
    if (verdict.kind === 'refused') return introduce(verdict.reasons);
    const { newest } = verdict;
    if (newest === undefined) {
      return introduce([
        {
          text: 'it has been deleted meanwhile: close the editor without a change, and apply the copy that is kept if you still want it',
        },
      ]);
    }
    const before = this.#base;
    this.#base = newest;
    const change = unifiedDiff(
      {
        label: 'when you began',
        text: before === undefined ? '' : await showYaml(asWritten(before)),
      },
      { label: 'now', text: await showYaml(asWritten(newest)) },
    );
    const advice =
      'somebody else has changed it meanwhile, as shown here. Take over what you want to keep of that: what you save then replaces it. To save your text as it is, delete these lines.';
    return introduce([advice, ...change.trimEnd().split('\n')].map((text) => ({ text })));
  }

  #complain(text: string): void {
    this.#tools.terminal.complain(`${text}\n`);
  }
}

/** A file as the editor shows it: comments of ours, then the object. */
interface Draft {
  readonly head: string;
  readonly body: string;
}

/** The comments at the top; reasons say why the last text was not taken, with lines of the whole file. */
function introduce(reasons: readonly Reason[]): string {
  const advice =
    'Edit the object below. Comment lines at the top are left out; an empty file, or one without a change, ends the edit.';
  const count = reasons.length === 0 ? 2 : reasons.length + 4;
  const shown = reasons.map(({ text, line }) =>
    line === undefined ? text : `* line ${line + count}: ${text}`,
  );
  const lines = [
    advice,
    ...(shown.length === 0 ? [] : ['', 'Not written, because:', ...shown]),
    '',
  ];
  return lines.map((line) => `${`# ${line}`.trimEnd()}\n`).join('');
}

/** The text after the comment lines at its top. */
function withoutHead(text: string): string {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => !line.startsWith('#'));
  return first === -1 ? '' : lines.slice(first).join('\n');
}

function refused(reasons: readonly Reason[]): Verdict {
  return { kind: 'refused', reasons };
}

function describeFault(path: string | undefined, message: string): string {
  return path === undefined || path === '' ? message : `${path}: ${message}`;
}

function describeRefusal(error: RefusedError, { placeOf }: RuleDocument): readonly Reason[] {
  if (error.causes.length === 0) return [{ text: describeError(error) }];
  return error.causes.map(({ field, message }) => ({
    text: describeFault(field, message),
    line: placeOf(field).line,
  }));
}

function groupOf({ apiVersion }: WireObject): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

async function remove(path: string): Promise<void> {
  await rm(path, { force: true });
  await rmdir(dirname(path));
}
