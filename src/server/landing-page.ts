import { createHash } from 'node:crypto';
import { type IdPrefix, isId } from '../kernel/ids.ts';
import type { HttpHandler } from './graphql-http.ts';
import { answersReading } from './respond.ts';
import { pathOf } from './router.ts';

/** Where `Intervention.workstationUrl` and the links of notifications lead: what is named there, and how to look it up. */
const places = {
  '/interventions/': {
    kind: 'intervention',
    words: 'an intervention',
    query: `query ($id: ID!) {
  intervention(id: $id) {
    status message agentName requiredRole expiresAt
    options { id label description }
    humanResponse { responseType content }
  }
}`,
  },
  '/approvals/': {
    kind: 'approval',
    words: 'an approval',
    query: `query ($id: ID!) {
  approval(id: $id) { kind status summary requiredRole requiredApprovals expiresAt }
}`,
  },
  '/projects/': {
    kind: 'project',
    words: 'a project',
    query: `query ($id: ID!) {
  project(id: $id) { name teams { id name } }
}`,
  },
} as const satisfies Record<string, { kind: IdPrefix; words: string; query: string }>;
type Place = (typeof places)[keyof typeof places];

/** `publicUrl`: the address that the API has for whoever reads the page. */
export const landingRoutes = (publicUrl: () => string): Record<string, HttpHandler> => {
  const handler = landingPage(publicUrl);
  const named = Object.keys(places).map((place) => [`${place}*`, handler] as const);
  return { '/': handler, ...Object.fromEntries(named) };
};

/**
 * What a browser is shown in place of a workstation: what this is, and how to look up what a link names (behaviour 1.5).
 * The same for everybody, with no look at the database: it tells of an id only whether it has the form of one. Nothing
 * else of the path is repeated.
 */
function landingPage(publicUrl: () => string): HttpHandler {
  return (request, response) => {
    if (!answersReading(request, response, 'This page is read')) return;
    const path = pathOf(request);
    const [prefix, place] = Object.entries(places).find(([start]) => path.startsWith(start)) ?? ['', null];
    const id = path.slice(prefix.length);
    const known = place === null || isId(place.kind, id);
    const body = !known ? unknown : place === null ? welcome : lookUp(place, id);
    const text = page(body, `${publicUrl()}/graphql`);
    response.writeHead(known ? 200 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
}

const STYLE =
  'body{font:1rem/1.5 sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}pre{background:#eee;color:#111;padding:1rem;overflow:auto}';
/** Nothing but the style above: no script, no picture, no frame around it, no form. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const welcome = '<p>Ask it over GraphQL, with an API key, at the address below.</p>';
const unknown =
  '<p>This is not the address of anything: it does not end with the id of what it would be of.</p>';
const lookUp = ({ words, query }: Place, id: string): string =>
  `<p>The link names ${words}. Whether there is one with this id, and what it says, the API tells whoever may see it.
Send this query, with an API key, to the address below:</p>
<pre>${escaped(query)}</pre>
<p>with the variables</p>
<pre>${escaped(JSON.stringify({ id }))}</pre>`;

const page = (body: string, api: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Holdpoint</title>
<style>${STYLE}</style>
<h1>Holdpoint</h1>
<p>A control plane between AI agents and the people answerable for them: agents ask, people decide. No workstation was
built for the browser here; everything can be done over the API.</p>
${body}
<p>The API: <a href="${escaped(api)}">${escaped(api)}</a>. Unless the server runs in production, a browser finds GraphiQL
there, which shows the whole API, and asks it with <code>{"authorization": "Bearer hp_…"}</code> among its headers.</p>
</html>
`;

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
