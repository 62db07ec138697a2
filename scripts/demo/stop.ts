// Everything of a project is stopped at once, and brought back step by step.
import { PAYLOAD } from './client.ts';
import { begin, follow, makeKey, type Stage } from './stage.ts';

const worker = (name: string) => `
steps:
  - say: { agent: ${name}, input: "{{message}}", response: "At work." }
  - task: { id: work, agent: ${name}, instructions: "Do the work of ${name}" }
  - wait: 4
  - finish: { task: work, result: { done: true } }
  - complete: { result: { by: ${name} } }`;

interface Approval {
  id: string;
  summary: string;
}
interface Recovery {
  id: string;
  status: string;
  steps: { id: string; title: string; status: string }[];
}
type Recovering = { recoverySession: Recovery; approval: Approval | null };

const RECOVERY = 'recoverySession { id status steps { id title status } } approval { id summary }';
const STOP = `mutation ($projectId: ID!, $reason: String!) { triggerEmergencyStop(projectId: $projectId, reason: $reason) { ${PAYLOAD}
  emergencyStop { id severity stoppedSessions { id status } } } }`;
const INITIATE = `mutation ($projectId: ID!) { initiateRecovery(projectId: $projectId, recoveryType: GUIDED) { ${PAYLOAD} ${RECOVERY} } }`;
const EXECUTE = `mutation ($recoverySessionId: ID!, $stepId: ID!) { executeRecoveryStep(recoverySessionId: $recoverySessionId, stepId: $stepId) { ${PAYLOAD} ${RECOVERY} } }`;
const RESPOND = `mutation ($id: ID!) { respondToApproval(id: $id, response: {verdict: APPROVE}) { ${PAYLOAD} } }`;
const RESERVE = `mutation ($projectId: ID!) { reserveBudget(input: {projectId: $projectId, tokens: 1, cost: "0.01"}) { success errors { code message } } }`;

export async function playStop(stage: Stage): Promise<void> {
  const { client, projectId } = stage;
  const following: Promise<void>[] = [];
  for (const name of ['builder', 'tester', 'reviewer']) {
    const id = await begin(stage, `the ${name}`, worker(name));
    following.push(follow(stage, `the ${name}`, id, {}));
  }
  // Nobody approves what they asked for: the manager asks, the administrator approves.
  const manager = await makeKey(stage, 'on call', 'MANAGER');
  const { triggerEmergencyStop } = await client.call<{
    triggerEmergencyStop: { emergencyStop: { severity: string; stoppedSessions: { status: string }[] } };
  }>(STOP, { projectId, reason: 'Something looks wrong.' });
  const { severity, stoppedSessions } = triggerEmergencyStop.emergencyStop;
  console.log(`\nemergency stop (${severity}): ${stoppedSessions.map(({ status }) => status).join(', ')}`);
  const refused = await client
    .call(RESERVE, { projectId })
    .then(() => 'granted')
    .catch((error: Error) => error.message);
  console.log(`  a reservation meanwhile: ${refused}`);
  await recover(stage, manager);
  await Promise.all(following);
}

/** A guided recovery: each step is asked for, approved, and then run. */
async function recover({ client, projectId }: Stage, manager: string): Promise<void> {
  const { initiateRecovery } = await client.call<{ initiateRecovery: Recovering }>(
    INITIATE,
    { projectId },
    manager,
  );
  let { recoverySession: recovery } = initiateRecovery;
  console.log('\nthe plan:');
  for (const { title } of recovery.steps) console.log(`  - ${title}`);
  await client.call(RESPOND, { id: initiateRecovery.approval!.id });
  for (const { id: stepId, title } of recovery.steps) {
    const execute = async (): Promise<Recovering> =>
      (
        await client.call<{ executeRecoveryStep: Recovering }>(
          EXECUTE,
          { recoverySessionId: recovery.id, stepId },
          manager,
        )
      ).executeRecoveryStep;
    const asked = await execute();
    if (asked.approval !== null) await client.call(RESPOND, { id: asked.approval.id });
    recovery = (await execute()).recoverySession;
    console.log(`  ${recovery.steps.find(({ id }) => id === stepId)!.status.padEnd(10)} ${title}`);
  }
  console.log(`recovery ${recovery.status}\n`);
}
