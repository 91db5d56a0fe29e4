type Fields = Readonly<Record<string, unknown>>;

/** Names of fields and labels; YAML takes none of them for another thing than text, but for the words below. */
const plainKey = /^[A-Za-z_][\w./-]{0,200}$/;
/** Words that are values of their own in YAML 1.2.2 §10.3.2. */
const word = /^(?:null|true|false)$/i;
/** Printable ASCII in one line. */
const printable = /^[ -~]+$/;
/** What YAML 1.2.2 §7.3.3 does not allow in a plain scalar: indicators at the start, `: `, ` #`, a space or : at the end. */
const indicator = /^[ ,[\]{}#&*!|>'"%@`]|: | #|[ :]$/;
/** Starts neither like a number nor like anything else that would need a thought. */
const safeStart = /^[\w/]/;
/** Digits that may be a number: anything but durations, times and addresses. */
const numberLike = /^\d[\da-fox+-]*(?:\.[\da-f+-]*)?$/i;
/** One line with its end, such as the JSON in kubectl's annotation last-applied-configuration. */
const lineOfText = /^[!-~](?:[ -~]*[!-~])?\n$/;

/**
 * The text that `stringify` of yaml gives with unlimited lines, in a twentieth of the time; undefined for what is not of
 * the simple kind that nearly all configuration is. What the text says is beyond doubt: it reads back as `fields`.
 */
export function writePlainYaml(fields: Fields): string | undefined {
  const text = writeFields(fields, '');
  return text === '' ? undefined : text;
}

/** Without the fields that are undefined. */
function writeFields(fields: Fields, indent: string): string | undefined {
  let text = '';
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const written = isPlainKey(key) ? writeValue(value, indent) : undefined;
    if (written === undefined) return undefined;
    text += `${indent}${key}:${written}`;
  }
  return text;
}

function isPlainKey(key: string): boolean {
  return plainKey.test(key) && !word.test(key);
}

/** What follows the colon, to the end of the line or lines. */
function writeValue(value: unknown, indent: string): string | undefined {
  const inner = `${indent}  `;
  if (Array.isArray(value)) return writeItems(value, inner);
  if (typeof value !== 'object' || value === null) return writeScalar(value, inner);
  const text = writeFields(value as Fields, inner);
  return text === '' ? ' {}\n' : prefix('\n', text);
}

function writeItems(items: readonly unknown[], indent: string): string | undefined {
  if (items.length === 0) return ' []\n';
  let text = '\n';
  for (const item of items) {
    const written = writeItem(item, `${indent}  `);
    if (written === undefined) return undefined;
    text += `${indent}-${written}`;
  }
  return text;
}

/** The first field of an item stands beside its dash. No kind has lists in lists. */
function writeItem(item: unknown, inner: string): string | undefined {
  if (Array.isArray(item)) return undefined;
  if (typeof item !== 'object' || item === null) return writeScalar(item, inner);
  const text = writeFields(item as Fields, inner);
  return text === '' ? ' {}\n' : prefix(' ', text?.slice(inner.length));
}

function prefix(start: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : start + text;
}

function writeScalar(value: unknown, indent: string): string | undefined {
  if (typeof value === 'string') {
    return lineOfText.test(value) ? ` |\n${indent}${value}` : prefix(' ', writeString(value));
  }
  // YAML has a negative zero, JSON has not.
  const isNumber = Number.isFinite(value) && !Object.is(value, -0);
  return isNumber || typeof value === 'boolean' || value === null
    ? ` ${String(value)}\n`
    : undefined;
}

function writeString(value: string): string | undefined {
  if (!printable.test(value)) return undefined;
  if (indicator.test(value)) return prefix('', quote(value));
  const isText = safeStart.test(value) && !word.test(value) && !numberLike.test(value);
  return isText ? `${value}\n` : undefined;
}

/** Without escapes: quotes of the kind that does not occur. */
function quote(value: string): string | undefined {
  if (!value.includes('"')) return value.includes('\\') ? undefined : `"${value}"\n`;
  return value.includes("'") ? undefined : `'${value}'\n`;
}
