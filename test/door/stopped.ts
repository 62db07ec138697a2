import { ADMIN_KEY, type ApiClient } from '../support/app.ts';
import type { TestWorld } from '../support/world.ts';

/** Stops the project, or leaves it stopped, without a recovery that is open. */
export async function stopAnew(api: ApiClient, { id, keys }: TestWorld): Promise<void> {
  await api.ok(
    keys.ADMIN,
    'mutation($id: ID!) { triggerEmergencyStop(projectId: $id, reason: "smoke") { success errors { code } } }',
    { id },
  );
  const { emergencyStops } = await api.ok(
    keys.ADMIN,
    'query($id: ID!) { emergencyStops(projectId: $id, first: 20) { nodes { recoverySession { id completedAt } } } }',
    { id },
  );
  for (const { recoverySession } of emergencyStops.nodes) {
    if (recoverySession === null || recoverySession.completedAt !== null) continue;
    await api.ok(
      keys.ADMIN,
      'mutation($id: ID!) { cancelRecovery(recoverySessionId: $id) { success errors { code } } }',
      { id: recoverySession.id },
    );
  }
}

export async function respond(
  api: ApiClient,
  key: string,
  id: string,
  response: object = { verdict: 'APPROVE' },
) {
  return api.graphql(
    key,
    'mutation($id: ID!, $response: ApprovalResponseInput!) { respondToApproval(id: $id, response: $response) { success message errors { code path } approval { id status } } }',
    { id, response },
  );
}

/** Initiates a recovery in a stopped project and has its plan approved, by another administrator. */
export async function beginRecovery(
  api: ApiClient,
  { id, keys }: TestWorld,
  recoveryType = 'GUIDED',
): Promise<string> {
  const { initiateRecovery } = await api.ok(
    keys.MANAGER,
    'mutation($id: ID!, $type: RecoveryType!) { initiateRecovery(projectId: $id, recoveryType: $type) { success message errors { code } approval { id } recoverySession { id } } }',
    { id, type: recoveryType },
  );
  await respond(api, ADMIN_KEY, initiateRecovery.approval.id);
  return initiateRecovery.recoverySession.id;
}
