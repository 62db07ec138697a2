// An agent wants to make a call; whoever approves it changes the input first, and then looks at the answer.
import { begin, follow, type PendingApproval, respond, show, type Stage } from './stage.ts';

const scenario = `
steps:
  - call:
      id: mail
      agent: herald
      action: "Send the announcement of version 2.0"
      input: { to: "everyone@example.com", subject: "Version 2.0 is out" }
      schema: { type: object, required: [to, subject], properties: { to: { type: string }, subject: { type: string } } }
      tokens: 800
      cost: "0.0200"
      result:
        response: { sentTo: "{{mail.input.to}}", subject: "{{mail.input.subject}}" }
        tokens: 640
        cost: "0.0160"
        confidence: 0.95
      when:
        - is: done
          steps: [{ complete: { result: { announcement: "{{mail.response}}" } } }]
        - default: true
          steps: [{ complete: { result: { announcement: "{{mail.outcome}}" } } }]`;

export async function playApproval(stage: Stage): Promise<void> {
  const approve = async (approval: PendingApproval): Promise<void> => {
    show('the herald', approval);
    if (approval.kind === 'RESPONSE')
      return respond(stage, approval.id, 'Let the answer be used', { verdict: 'APPROVE' });
    const approvedInput = { ...approval.inputData, to: 'customers@example.com' };
    await respond(stage, approval.id, 'Approve it, but to the customers alone', {
      verdict: 'APPROVE',
      approvedInput,
    });
  };
  await follow(stage, 'the herald', await begin(stage, 'the herald', scenario), { approve });
}
