import type { CodegenConfig } from '@graphql-codegen/cli';

// Typed documents for the API's own clients (scripts, benches, tests): `graphql('query …')` from
// src/generated/client/gql.ts. Nothing of it is committed; `npm ci` generates it.
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['scripts/**/*.ts', 'bench/**/*.ts', 'test/api/**/*.ts', 'test/support/**/*.ts'],
  ignoreNoDocuments: true,
  importExtension: '.ts',
  generates: {
    './src/generated/client/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        documentMode: 'string',
        scalars: {
          DateTime: 'string',
          EventCursor: 'string',
          JSON: { input: 'unknown', output: 'unknown' },
        },
      },
    },
  },
};

export default config;
