import { defineConfig } from 'prisma/config';

// `prisma generate` insists on an engine binary that it then never runs; naming any executable spares the
// download. Migrations use the WebAssembly build of the same engine (src/database/migrate.ts).
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({ schema: 'prisma/schema.prisma' });
