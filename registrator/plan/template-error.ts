/** What is wrong with a template, in words for its author. */
export class TemplateError extends Error {}
