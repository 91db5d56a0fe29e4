import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Closer } from './lifecycle.ts';

/**
 * Reads `+GROUP` and `-GROUP` lines. When its input ends, whoever wrote them is gone: it ends the process groups
 * that are left, first kindly. In the language of every shell, so that it costs no start-up and next to no memory.
 */
const script = `
trap '' INT TERM HUP
groups=' '
while read -r line; do
  case $line in
    +*) groups="$groups\${line#+} " ;;
    -*) group=\${line#-}; groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s TERM -- "-$group"; done 2>/dev/null
[ "$groups" = ' ' ] || sleep 2
for group in $groups; do kill -s KILL -- "-$group"; done 2>/dev/null
`;

/**
 * Ends what this process has started when this process dies, be it by kill -9: a child process that waits for the
 * end of a pipe which only this process holds open. Envoy and the applications cannot do that themselves, and a
 * process group does not end with its leader. POSIX only, nothing of Linux.
 */
export class Guardian implements Closer {
  readonly #groups = new Set<number>();
  #child: ChildProcess | undefined;
  #closing = false;

  constructor() {
    this.#start();
  }

  /** From now on the process group is ended with this process. */
  readonly watch = (group: number): void => {
    this.#groups.add(group);
    this.#tell(`+${group}`);
  };

  /** The group has ended by itself; its number may be another's soon. */
  readonly release = (group: number): void => {
    if (this.#groups.delete(group)) this.#tell(`-${group}`);
  };

  /** To be called when everything else is closed: what is still watched is ended. */
  async close(): Promise<void> {
    this.#closing = true;
    const child = this.#child;
    if (child === undefined) return;
    const ended = once(child, 'close');
    child.stdin?.end();
    await ended;
  }

  #start(): void {
    const child = spawn('/bin/sh', ['-c', script], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // Ctrl-C on the terminal does not reach it.
      detached: true,
    });
    this.#child = child;
    // Its end is what counts, and is seen below.
    child.stdin.on('error', () => undefined);
    child.once('close', () => {
      this.#child = undefined;
      if (!this.#closing) this.#start();
    });
    for (const group of this.#groups) this.#tell(`+${group}`);
  }

  #tell(line: string): void {
    this.#child?.stdin?.write(`${line}\n`);
  }
}
