import { InvalidArgumentError, Option } from 'commander';

/** `-o` with the forms that a command has; others are refused with the ways to get them. */
export function outputOption(forms: readonly string[], description: string): Option {
  return new Option('-o, --output <form>', description).choices(forms).argParser((text) => {
    if (forms.includes(text)) return text;
    const advice = /^(jsonpath|go-template|custom-columns)/.test(text)
      ? ' Take -o json and a tool such as jq; kubectl has the others, for this mesh too.'
      : '';
    throw new InvalidArgumentError(`It is one of ${forms.join(', ')}.${advice}`);
  });
}
