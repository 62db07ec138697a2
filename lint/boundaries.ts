// Who may import whom, as one table: the import rule asks it, and nothing else decides.
//
//   server/ ─▶ graphql/ ─▶ rooms' schema.ts, types.ts ─▶ verbs ─▶ rules.ts ─▶ kernel/
//
// Paths are relative to the repository, with slashes: "src/sessions/rules.ts".

/** One import as it stands in a file. `imported` is a path of the house, or a package's name. */
export interface Import {
  importer: string;
  imported: string;
  /** Nothing of it is left at run time. */
  typeOnly: boolean;
}

interface Boundary {
  says: string;
  forbids: (edge: Import) => boolean;
}

/** Folders of src/ that are not rooms: doors, and what they all stand on. */
const NOT_ROOMS = new Set(['graphql', 'server', 'kernel', 'generated', 'client', 'mcp', 'workstation']);
/** What of graphql/ a room's readers need: pages and sources, no schema. */
const FOR_READERS = /^src\/graphql\/(connection|list|shared-source)\.ts$/;
const READERS = /\/(queries|query|stats|feed)\.ts$/;
const SCHEMA = /\/(schema|types|mutations)\.ts$/;
const PURE = /^src\/.*\/(rules|deadlines)\.ts$/;

const roomOf = (path: string): string | null => {
  const room = /^src\/([^/]+)\//.exec(path)?.[1];
  return room === undefined || NOT_ROOMS.has(room) ? null : room;
};
const isOfHouse = (path: string): boolean => path.startsWith('src/');

const boundaries: readonly Boundary[] = [
  {
    says: 'kernel/ imports nothing of the house',
    forbids: ({ importer, imported }) =>
      importer.startsWith('src/kernel/') && isOfHouse(imported) && !imported.startsWith('src/kernel/'),
  },
  {
    says: 'pure rules import no value of the database, types alone',
    forbids: ({ importer, imported, typeOnly }) =>
      PURE.test(importer) &&
      !typeOnly &&
      (/^src\/(generated|database)\//.test(imported) ||
        /^(@prisma|pg|pg-boss|@electric-sql)(\/|$)/.test(imported)),
  },
  {
    says: 'a room never imports server/: doors come to rooms',
    forbids: ({ importer, imported }) => roomOf(importer) !== null && imported.startsWith('src/server/'),
  },
  {
    says: 'verbs know no door: only schema.ts, mutations.ts and types.ts import graphql/ (readers: its pages and sources)',
    forbids: ({ importer, imported }) =>
      roomOf(importer) !== null &&
      imported.startsWith('src/graphql/') &&
      !SCHEMA.test(importer) &&
      !(READERS.test(importer) && FOR_READERS.test(imported)),
  },
  {
    says: "another room's queries.ts is its own: go through a verb (schema.ts and types.ts may)",
    forbids: ({ importer, imported }) =>
      imported.endsWith('/queries.ts') &&
      roomOf(importer) !== null &&
      roomOf(importer) !== roomOf(imported) &&
      !SCHEMA.test(importer),
  },
  {
    says: 'client/ ships by itself: of the house it imports permits/verify.ts alone, and mcp/ alone and its doors are built on it',
    forbids: ({ importer, imported }) =>
      (importer.startsWith('src/client/') &&
        (isOfHouse(imported)
          ? !imported.startsWith('src/client/') && imported !== 'src/permits/verify.ts'
          : !/^(graphql-ws\/client|jose|canonicalize)$/.test(imported))) ||
      (isOfHouse(importer) &&
        !/^src\/(client|mcp)\/|^src\/server\/(mcp-http|in-process)\.ts$/.test(importer) &&
        imported.startsWith('src/client/')),
  },
  {
    says: 'mcp/ says everything over the API: of the house it imports client/ alone',
    forbids: ({ importer, imported }) =>
      importer.startsWith('src/mcp/') &&
      isOfHouse(imported) &&
      !/^src\/(client|mcp|generated\/mcp)\//.test(imported),
  },
  {
    says: 'workstation/ runs in browsers: it asks the API alone, imports nothing of the house and nothing of Node, and nothing imports it',
    forbids: ({ importer, imported }) =>
      importer.startsWith('src/workstation/')
        ? (isOfHouse(imported) && !imported.startsWith('src/workstation/')) || imported.startsWith('node:')
        : isOfHouse(importer) && imported.startsWith('src/workstation/'),
  },
  {
    says: 'permits/verify.ts ships with the client: it imports jose alone',
    forbids: ({ importer, imported }) => importer === 'src/permits/verify.ts' && imported !== 'jose',
  },
  {
    says: 'nothing imports the composition root',
    forbids: ({ importer, imported }) =>
      imported === 'src/main.ts' ||
      (imported === 'src/app.ts' && isOfHouse(importer) && importer !== 'src/main.ts'),
  },
  {
    says: 'src/ imports neither tests nor scripts',
    forbids: ({ importer, imported }) => isOfHouse(importer) && /^(test|scripts|bench|lint)\//.test(imported),
  },
];

/** Which boundary this import crosses, in words, or null. */
export const crossed = (edge: Import): string | null =>
  boundaries.find(({ forbids }) => forbids(edge))?.says ?? null;
