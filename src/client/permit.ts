import canonicalize from 'canonicalize';
import type { JSONWebKeySet } from 'jose';
import { type PermitFault, verifyPermit } from '../permits/verify.ts';
import type { Connection } from './connection.ts';
import { HoldpointError } from './errors.ts';

export interface Action {
  agentName: string;
  proposedAction: string;
  input: unknown;
}

/** What consent is given to (behaviour 5.6): SHA-256, hex, of the canonical JSON (RFC 8785) of these three. */
export async function actionDigest({ agentName, proposedAction, input }: Action): Promise<string> {
  const text = canonicalize({ agentName, proposedAction, input })!;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export interface PermitChecks {
  /** Throws PERMIT_INVALID where the permit is not of this server, not for exactly this action, or not good any more. */
  assertPermits(
    permit: string | null | undefined,
    action: Action & { approvalId: string },
    signal?: AbortSignal,
  ): Promise<void>;
}

/** `issuer`: what the server calls itself (`PUBLIC_URL`), where that is not the address it is reached at. */
export function createPermitChecks(connection: Connection, issuer: string): PermitChecks {
  let keys: JSONWebKeySet | null = null;

  /** Kept once they are there: whoever gives up gives up for himself. */
  async function known(signal: AbortSignal | undefined): Promise<JSONWebKeySet> {
    keys ??= await connection.fetchJson<JSONWebKeySet>('/.well-known/jwks.json', signal);
    return keys;
  }

  return {
    async assertPermits(permit, { approvalId, ...action }, signal) {
      const digest = await actionDigest(action);
      const check = async (): Promise<PermitFault | 'of_another_approval' | null> => {
        const now = new Date();
        const checked = await verifyPermit(await known(signal), permit ?? '', { digest, issuer, now });
        if (checked.fault !== null) return checked.fault;
        // One that was used already may be for the very same action.
        return checked.permit.approvalId === approvalId ? null : 'of_another_approval';
      };
      let fault = await check();
      if (fault === 'unknown_key') {
        // A new one may have been published since.
        keys = null;
        fault = await check();
      }
      if (fault !== null)
        throw new HoldpointError('PERMIT_INVALID', `the permit does not permit this call: ${fault}`);
    },
  };
}
