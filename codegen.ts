import type { CodegenConfig } from '@graphql-codegen/cli';

const client = (documents: string[]) => ({
  preset: 'client' as const,
  documents,
  presetConfig: { fragmentMasking: false },
  config: {
    useTypeImports: true,
    enumsAsTypes: true,
    documentMode: 'string' as const,
    scalars: {
      DateTime: 'string',
      Decimal: 'string',
      EventCursor: 'string',
      JSON: { input: 'unknown', output: 'unknown' },
    },
  },
});

// Typed documents: `graphql('query …')`. Nothing of it is committed; `npm ci` generates it.
const config: CodegenConfig = {
  schema: 'schema.graphql',
  ignoreNoDocuments: true,
  importExtension: '.ts',
  generates: {
    // Of the API's own callers in this repository: src/generated/client/gql.ts.
    './src/generated/client/': client([
      'scripts/**/*.ts',
      'bench/**/*.ts',
      'test/api/**/*.ts',
      'test/support/**/*.ts',
    ]),
    // Of the tools that agents call over MCP.
    './src/generated/mcp/': client(['src/mcp/documents.ts']),
    // Of the client that ships, with its own documents and no more.
    './src/client/generated/': client(['src/client/documents.ts']),
    // Of the browser app, from the .graphql files beside its pages.
    './src/workstation/generated/': client(['src/workstation/**/*.graphql']),
  },
};

export default config;
