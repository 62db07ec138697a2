import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { ADMIN_KEY, startApp, type TestApp, type Variables } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { makeProject, type Role, type TestWorld } from '../support/world.ts';

/** The application of a test file, and a project in it; a team of its own for each test. There inside tests and hooks. */
export const database = withDatabase();
export let app: TestApp;
export let world: TestWorld;
beforeAll(async () => {
  app = await startApp({ database: database() });
  world = await makeProject(app, ADMIN_KEY, 'desk');
});
beforeEach(async () => void (world.teamId = await world.team('next')));
afterAll(() => app.stop());

export const id = expect.stringMatching(/^[a-z]+_[0-9a-z]{26}$/);
export const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

export async function run(role: Role, document: string, variables?: Variables) {
  const { data, errors } = await app.graphql(world.keys[role], document, variables);
  expect(errors).toBeUndefined();
  return Object.values(data)[0] as any;
}

export const PAYLOAD = 'success message errors { code message path }';
export const STANDING =
  'intervention { id status resolution requiredRole escalationLevel claimedBy { name } humanResponse { responseType content respondedBy { kind name role } } }';

export const resolve = (role: Role, intervention: string, resolution: object) =>
  run(
    role,
    `mutation($id: ID!, $r: InterventionResolutionInput!) { resolveIntervention(id: $id, resolution: $r) { ${PAYLOAD} sessionId interventionId resolution sessionResumed ${STANDING} } }`,
    { id: intervention, r: resolution },
  );
export const select = (role: Role, intervention: string, more: Variables) =>
  run(
    role,
    `mutation($id: ID!, $optionId: ID!, $customInput: String, $reasoning: String) { selectInterventionOption(id: $id, optionId: $optionId, customInput: $customInput, reasoning: $reasoning) { ${PAYLOAD} sessionId interventionId sessionResumed selectedOption { id label value category metadata recommended disabled disabledReason } ${STANDING} } }`,
    { id: intervention, ...more },
  );
export const respond = (role: Role, intervention: string, more: Variables) =>
  run(
    role,
    `mutation($id: ID!, $responseText: String!, $responseType: String!, $metadata: JSON, $answer: JSON) { provideCustomResponse(id: $id, responseText: $responseText, responseType: $responseType, metadata: $metadata, answer: $answer) { ${PAYLOAD} sessionId interventionId sessionResumed ${STANDING} } }`,
    { id: intervention, ...more },
  );
export const escalate = (role: Role, intervention: string, escalation: object) =>
  run(
    role,
    `mutation($id: ID!, $e: EscalationInput!) { escalateIntervention(id: $id, escalation: $e) { ${PAYLOAD} interventionId escalationLevel requiredRole ${STANDING} } }`,
    { id: intervention, e: escalation },
  );
export const claim = (role: Role, intervention: string) =>
  run(role, `mutation($id: ID!) { claimIntervention(id: $id) { ${PAYLOAD} ${STANDING} } }`, {
    id: intervention,
  });
export const release = (role: Role, intervention: string) =>
  run(role, `mutation($id: ID!) { releaseIntervention(id: $id) { ${PAYLOAD} ${STANDING} } }`, {
    id: intervention,
  });
export const cancel = (intervention: string, reason?: string) =>
  run(
    'AGENT',
    `mutation($id: ID!, $reason: String) { cancelIntervention(id: $id, reason: $reason) { ${PAYLOAD} ${STANDING} } }`,
    { id: intervention, reason },
  );
export const resume = (role: Role, session: string, humanResponse: object) =>
  run(
    role,
    `mutation($id: ID!, $h: HumanResponseInput!) { resumeSession(sessionId: $id, humanResponse: $h) { ${PAYLOAD} sessionId session { id status context } } }`,
    { id: session, h: humanResponse },
  );
export const OPTIONS = [
  { id: 'a', label: 'Go', description: 'all of it', value: 'go', recommended: true, metadata: { speed: 2 } },
  { id: 'b', label: 'Wait', description: '', value: 'wait', disabled: true },
  {
    id: 'up',
    label: 'Ask up',
    description: '',
    value: 'up',
    category: 'ESCALATION',
    metadata: { escalation_level: 2 },
  },
];
