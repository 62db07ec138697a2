// Everything of a project is stopped at once, and brought back step by step.
import { PAYLOAD } from './client.ts';
import { begin, follow, granted, makeKey, respond, type Stage } from './stage.ts';

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
const RESERVE = `mutation ($projectId: ID!) { reserveBudget(input: {projectId: $projectId, tokens: 1, cost: "0.01"}) { success errors { code message } } }`;

export async function playStop(stage: Stage): Promise<void> {
  const { client, projectId } = stage;
  const following: Promise<void>[] = [];
  for (const name of ['builder', 'tester', 'reviewer']) {
    const id = await begin(stage, `the ${name}`, worker(name));
    following.push(follow(stage, `the ${name}`, id, {}));
  }
  // Nobody approves what they asked for: the manager on call, who is scripted, asks; the administrator approves.
  const manager = await makeKey(stage, 'on call', 'MANAGER');
  const { triggerEmergencyStop } = await client.call<{
    triggerEmergencyStop: { emergencyStop: { severity: string; stoppedSessions: { status: string }[] } };
  }>(STOP, { projectId, reason: 'Something looks wrong.' });
  const { severity, stoppedSessions } = triggerEmergencyStop.emergencyStop;
  console.log(
    `\nthe administrator stops the project (${severity}); the sessions are ${stoppedSessions.map(({ status }) => status).join(', ')}`,
  );
  const refused = await client
    .call(RESERVE, { projectId })
    .then(() => 'granted')
    .catch((error: Error) => error.message);
  console.log(`  to a reservation meanwhile the server says: ${refused}`);
  await recover(stage, manager);
  await Promise.all(following);
}

/** A guided recovery: each step is asked for, approved, and then run. */
async function recover(stage: Stage, manager: string): Promise<void> {
  const { client, projectId } = stage;
  const approve = async ({ id }: Approval, what: string): Promise<void> => {
    await respond(stage, id, what, { verdict: 'APPROVE' });
    await granted(stage, id);
  };
  const { initiateRecovery } = await client.call<{ initiateRecovery: Recovering }>(
    INITIATE,
    { projectId },
    manager,
  );
  let { recoverySession: recovery } = initiateRecovery;
  console.log('\nthe manager on call asks for a recovery, by this plan:');
  for (const { title } of recovery.steps) console.log(`  - ${title}`);
  await approve(initiateRecovery.approval!, 'Approve the plan');
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
    if (asked.approval !== null) await approve(asked.approval, `Approve the step "${title}"`);
    recovery = (await execute()).recoverySession;
    console.log(`  ${recovery.steps.find(({ id }) => id === stepId)!.status.padEnd(10)} ${title}`);
  }
  console.log(`the recovery is ${recovery.status}\n`);
}
