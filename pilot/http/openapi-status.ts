const text = (description: string): object => ({ type: 'string', description });

/**
 * What the mesh says of an object in its status: IstioStatus of istio/api meta/v1alpha1/status.proto, and what this
 * mesh adds to the messages of its analysis.
 */
export const statusSchema = {
  type: 'object',
  description: 'What the mesh says of the object; nobody else writes it.',
  properties: {
    observedGeneration: {
      type: 'integer',
      description: 'The generation of the object that this is about.',
    },
    conditions: {
      type: 'array',
      description: 'How far it has come.',
      items: {
        type: 'object',
        properties: {
          type: text('Reconciled: whether all proxies that it concerns have it.'),
          status: text('True or False.'),
          message: text('How many proxies have it.'),
        },
      },
    },
    validationMessages: {
      type: 'array',
      description: 'What the analysis has found (docs/analysis.md).',
      items: {
        type: 'object',
        properties: {
          type: {
            type: 'object',
            description: 'What it is.',
            properties: {
              name: text('Its name at Istio.'),
              code: text('Its code, such as CM0101.'),
            },
          },
          level: text('ERROR, WARNING or INFO.'),
          path: text('The field that it is about.'),
          message: text('What is wrong and what to do.'),
          documentationUrl: text('Where it is explained.'),
        },
      },
    },
  },
} as const;
