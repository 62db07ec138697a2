import { z } from 'zod';

/** Milliseconds that an answer of the issuer is waited for. */
export const PATIENCE = 5_000;

const address = z.url({ protocol: /^https?$/ });
/** What is looked at here; the rest stays as it is, for those who do the talking with the issuer. */
const discovery = z.looseObject({
  issuer: z.string(),
  jwks_uri: address,
  authorization_endpoint: address.optional(),
  token_endpoint: address.optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
});
export type Discovery = z.output<typeof discovery>;

/** The issuer's discovery document. Throws where it can't be had, or is not that issuer's. */
export async function fetchDiscovery(issuer: string): Promise<Discovery> {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`, {
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE),
    headers: { accept: 'application/json' },
  });
  if (!response.ok) throw new Error(`the discovery document answered ${response.status}`);
  const document = discovery.parse(await response.json());
  if (document.issuer.replace(/\/$/, '') !== issuer)
    throw new Error('the discovery document names another issuer');
  const endpoints = ['jwks_uri', 'authorization_endpoint', 'token_endpoint'] as const;
  for (const endpoint of endpoints)
    if (issuer.startsWith('https:') && document[endpoint]?.startsWith('https:') === false)
      throw new Error(`${endpoint} is not https`);
  return document;
}
