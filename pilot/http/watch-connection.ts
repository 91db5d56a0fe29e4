import type { Clock } from '../../kit/clock.ts';
import type { ConfigObject } from '../api/resource.ts';
import type { StoreEvent } from '../store/store.ts';
import type { EventEncoder, EventType } from './event-encoder.ts';
import type { Target } from './object-request.ts';
import type { LineStream } from './streams.ts';
import { bookmarkOf, type WatchForm } from './watch-form.ts';

/** As often as Kubernetes sends bookmarks (ms). */
const bookmarkInterval = 60_000;

/**
 * After so many changes that did not concern a client, a bookmark moves it on: it must be able to come back
 * before the store has forgotten where it was.
 */
const bookmarkDistance = 200;

interface WatchParts {
  readonly stream: LineStream;
  readonly encoder: EventEncoder;
  readonly form: WatchForm;
  readonly clock: Clock;
  readonly target: Target;
  readonly withBookmarks: boolean;
}

/** One client that watches: what it has been told, and up to which version it knows everything. */
export class WatchConnection {
  readonly #parts: WatchParts;
  #version: string;
  /** Changes since the last line that carried a version. */
  #unseen = 0;

  constructor(parts: WatchParts, version: string) {
    this.#parts = parts;
    this.#version = version;
    if (parts.withBookmarks) this.#markLater();
  }

  sendInitial(object: ConfigObject): void {
    this.#sendText('ADDED', object);
  }

  markInitialEnd(): void {
    this.#mark({ 'k8s.io/initial-events-end': 'true' });
  }

  /** Passes a change on as `type`; without one the client is not concerned. */
  take(event: StoreEvent, type: EventType | undefined): void {
    const { encoder, form, stream, withBookmarks } = this.#parts;
    this.#version = event.object.metadata.resourceVersion ?? this.#version;
    if (type === undefined) {
      this.#unseen += 1;
      if (withBookmarks && this.#unseen >= bookmarkDistance) this.#mark();
      return;
    }
    this.#unseen = 0;
    const line = encoder.encode(event, `${type} ${form.name(event.object)}`, () =>
      form.encode(type, objectFor(event, type)),
    );
    stream.sendBytes(line);
    form.sent();
  }

  /** Shows an object again whose status is another one: its version is not. */
  refresh(object: ConfigObject): void {
    this.#sendText('MODIFIED', object);
  }

  /** Ends the watch in `timeout` ms, with a bookmark so that the client goes on from here. */
  endAfter(timeout: number): void {
    const { clock, stream, withBookmarks } = this.#parts;
    stream.onEnd(
      clock.after(timeout, () => {
        if (withBookmarks) this.#mark();
        stream.end();
      }),
    );
  }

  #markLater(): void {
    const { clock, stream } = this.#parts;
    let cancel = (): void => undefined;
    const beat = (): void => {
      cancel = clock.after(bookmarkInterval, () => {
        this.#mark();
        beat();
      });
    };
    beat();
    stream.onEnd(() => {
      cancel();
    });
  }

  #mark(annotations?: Readonly<Record<string, string>>): void {
    this.#unseen = 0;
    this.#sendText('BOOKMARK', bookmarkOf(this.#parts.target, this.#version, annotations));
  }

  #sendText(type: EventType, object: ConfigObject): void {
    const { form, stream } = this.#parts;
    stream.send(form.encode(type, object));
    form.sent();
  }
}

/** What a client loses because it no longer matches is shown as it last saw it, with the version of the change. */
function objectFor({ type, object, previous }: StoreEvent, shown: EventType): ConfigObject {
  if (shown !== 'DELETED' || type === 'DELETED' || previous === undefined) return object;
  const { resourceVersion = '' } = object.metadata;
  return { ...previous, metadata: { ...previous.metadata, resourceVersion } };
}
