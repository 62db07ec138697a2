import { asking } from './asking.ts';
import { calling } from './calling.ts';
import type { Tool } from './tool.ts';
import { waiting } from './waiting.ts';

// The tools that agents call over MCP. Each says over the API what its caller said, as that caller, and answers what the
// API answered: whatever is decided here is decided there. Parameters and answers of the first four are those that agents
// of this shape have been written for.

export const tools: readonly Tool[] = [...asking, ...calling, ...waiting];
