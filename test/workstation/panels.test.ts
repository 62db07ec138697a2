import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { axeFaults } from './support/axe.ts';
import { looksRight } from './support/look.ts';
import { noBrowser, type Person } from './support/browser.ts';
import { withStation } from './support/station.ts';

/** Everything that an agent may try: hidden characters, markup, links, a flood. */
const HOSTILE = [
  'Approve \u202Eevorppa ton od\u202C please\u200B.',
  '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>',
  '[click](javascript:alert(1)) https://bank.example@evil.example/ https://\u0430pple.com/login',
  ...Array.from({ length: 400 }, (_, line) => `line ${line}`),
].join('\n');

describe.skipIf(noBrowser())('a decision panel', () => {
  const station = withStation();

  const open = async ({ page }: Person, id: string): Promise<Locator> => {
    await page.goto(`/${id.startsWith('intervention_') ? 'interventions' : 'approvals'}/${id}`);
    const panel = page.locator(`[data-panel=${id}]`);
    await panel.waitFor();
    return panel;
  };
  const signedIn = async (
    role: 'OPERATOR' | 'SUPERVISOR' | 'VIEWER' | 'ADMIN',
    options = {},
  ): Promise<Person> => {
    const somebody = await station.person(options);
    await somebody.signIn(station.world.keys[role]);
    return somebody;
  };
  const found = async (id: string) =>
    (
      await station.app.ok(
        station.world.keys.SUPERVISOR,
        'query($id: ID!) { intervention(id: $id) { resolution humanResponse { content reasoning answer modifications } } }',
        { id },
      )
    ).intervention;
  const askCall = async (input: object): Promise<string> => {
    const { requestAgentCallApproval } = await station.app.ok(
      station.world.keys.AGENT,
      'mutation($input: AgentCallApprovalInput!) { requestAgentCallApproval(input: $input) { success errors { message } approval { id } } }',
      {
        input: {
          sessionId: await station.world.session(),
          agentName: 'coder',
          proposedAction: 'shell.run',
          inputData: {},
          ...input,
        },
      },
    );
    return requestAgentCallApproval.approval.id;
  };

  test('shows what an agent wrote as text and nothing else (11.3)', async () => {
    const id = await station.world.ask({
      message: HOSTILE,
      agentName: 'co\u202Eder',
      context: { '<b>name</b>': '<iframe src="https://evil.example"></iframe>' },
      options: [
        {
          id: 'x',
          label: '<u>x</u>\u200B',
          description: HOSTILE,
          value: 'x',
          recommended: true,
          metadata: { '<u>risk</u>\u200B': '<b>high</b>' },
        },
      ],
    });
    const somebody = await signedIn('OPERATOR');
    const asked: string[] = [];
    somebody.page.on('request', (request) => asked.push(new URL(request.url()).host));
    const panel = await open(somebody, id);
    expect(await panel.locator('img, iframe, script, u, b').count()).toBe(0);
    await panel.locator('.said').getByText('RLO', { exact: true }).waitFor();
    await panel.locator('.said').getByText('ZWSP', { exact: true }).waitFor();
    expect(await somebody.page.title()).toBe('Request · Holdpoint');
    // The flood is folded, and what is to be decided stays in sight.
    await panel
      .locator('.said')
      .getByRole('button', { name: /^Show all \d+ lines$/ })
      .waitFor();
    expect(await panel.getByText('line 399').count()).toBe(0);
    // A link says where it leads, in letters that cannot be mistaken, and leads nowhere by itself.
    const links = panel.locator('.said button.untrusted-link');
    expect(await links.allTextContents()).toEqual(['https://\u0430pple.com/login']);
    await links.first().click();
    const dialog = somebody.page.getByRole('dialog', { name: 'Open this address?' });
    await dialog.getByText('xn--pple-43d.com', { exact: true }).waitFor();
    expect(await dialog.getByRole('link').getAttribute('rel')).toContain('noopener');
    expect(await axeFaults(somebody.page)).toEqual([]);
    expect(new Set(asked)).toEqual(new Set([new URL(station.wire.url).host]));
  });

  test('keeps the ways to answer in sight, however much an agent writes', async () => {
    const message = 'The vendor of the second region wants an answer by noon, and says so at length. '.repeat(
      34,
    );
    const options = Array.from({ length: 8 }, (_, at) => ({
      id: `o${at}`,
      label: `Vendor ${at}`,
      description: message,
      value: `${at}`,
    }));
    const id = await station.world.ask({ message, options });
    const somebody = await signedIn('OPERATOR');
    await somebody.page.goto(`/inbox?item=${id}`);
    const panel = somebody.page.locator(`[data-panel=${id}]`);
    const said = panel.locator('.said');
    await said
      .getByRole('button', { name: `Show all ${message.length.toLocaleString('en')} characters` })
      .waitFor();
    const sees = (name: string) =>
      panel.getByRole('button', { name, exact: true }).evaluate((button) => {
        const { top, bottom, left, width } = button.getBoundingClientRect();
        const there = document.elementFromPoint(left + width / 2, (top + bottom) / 2);
        return top >= 0 && bottom <= window.innerHeight && button.contains(there);
      });
    for (const name of ['Approve', 'Reject', 'Escalate', 'Vendor 0'])
      expect(await sees(name), name).toBe(true);
    // What the focus goes to is above them.
    await panel.getByRole('button', { name: 'Vendor 7' }).focus();
    expect(await sees('Vendor 7')).toBe(true);
    await looksRight(somebody.page);
  });

  test('draws a form from the schema, says what is wrong in it, and sends what was filled in', async () => {
    const responseSchema = {
      type: 'object',
      required: ['amount', 'tier'],
      properties: {
        amount: { type: 'number', maximum: 100, title: 'Amount to spend' },
        tier: { enum: ['basic', 'gold'] },
        notify: { type: 'boolean' },
        tags: { type: 'array', items: { enum: ['a', 'b'] } },
      },
    };
    const id = await station.world.ask({ responseSchema });
    const somebody = await signedIn('OPERATOR', { width: 375 });
    const panel = await open(somebody, id);
    await panel.getByLabel('Amount to spend').fill('500');
    await panel.getByLabel('tier').selectOption('gold');
    await panel.getByLabel('notify').selectOption('yes');
    await panel.getByLabel('b', { exact: true }).check();
    await panel.getByRole('button', { name: 'Send the form as the answer' }).click();
    await panel.locator('.fault').first().waitFor();
    expect(await axeFaults(somebody.page)).toEqual([]);
    expect(await somebody.page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    await panel.getByLabel('Amount to spend').fill('50');
    await panel.getByRole('button', { name: 'Send the form as the answer' }).click();
    await panel.getByRole('button', { name: 'Answer', exact: true }).click();
    await panel.locator('[data-outcome]').waitFor();
    expect(await found(id)).toMatchObject({
      resolution: 'RESPONDED',
      humanResponse: { answer: { amount: 50, tier: 'gold', notify: true, tags: ['b'] } },
    });
  });

  const answers = (panel: Locator) => ({
    send: () => panel.getByRole('button', { name: 'Send the form as the answer' }).click(),
    confirm: () => panel.locator('form').getByRole('button', { name: 'Answer', exact: true }).click(),
  });

  test('sends a form that says enough as it begins', async () => {
    const responseSchema = {
      type: 'object',
      required: ['tier'],
      properties: { tier: { enum: ['basic', 'gold'], default: 'basic' } },
    };
    const id = await station.world.ask({ responseSchema });
    const panel = await open(await signedIn('OPERATOR'), id);
    await answers(panel).send();
    await answers(panel).confirm();
    await panel.locator('[data-outcome]').waitFor();
    expect(await found(id)).toMatchObject({
      resolution: 'RESPONDED',
      humanResponse: { answer: { tier: 'basic' } },
    });
  });

  test('keeps what is no JSON, and sends nothing in its place', async () => {
    const responseSchema = {
      type: 'object',
      properties: { files: { type: 'array', items: { type: 'object' } } },
    };
    const id = await station.world.ask({ responseSchema });
    const panel = await open(await signedIn('OPERATOR'), id);
    await panel.getByLabel('files').waitFor();
    expect(await panel.locator('.fault', { hasText: /./ }).count()).toBe(0);
    await panel.getByLabel('files').fill('[{}, ');
    await answers(panel).send();
    await panel.locator('.fault[role=alert]', { hasText: 'This is no JSON' }).waitFor();
    expect(await panel.getByLabel('files').inputValue()).toBe('[{}, ');
    expect(await found(id)).toMatchObject({ resolution: null });
    await panel.getByLabel('files').fill('[{}]');
    await answers(panel).send();
    await answers(panel).confirm();
    await panel.locator('[data-outcome]').waitFor();
    expect((await found(id)).humanResponse.answer).toEqual({ files: [{}] });
  });

  test('takes lists a line an entry and formats in fields of their own, and says what is missing where it is', async () => {
    const responseSchema = {
      type: 'object',
      required: ['owner', 'due'],
      properties: {
        owner: { type: 'string', format: 'email' },
        due: { type: 'string', format: 'date' },
        begins: { type: 'string', format: 'date-time' },
        files: { type: 'array', items: { type: 'string' }, maxItems: 2 },
      },
    };
    const id = await station.world.ask({ responseSchema });
    const somebody = await signedIn('OPERATOR');
    const panel = await open(somebody, id);
    await panel.getByLabel('files').fill('a.ts\nb.ts\nc.ts');
    await panel.getByLabel('owner').fill('ada@example.com');
    await panel.getByLabel('begins').fill('2026-03-02T09:30');
    await answers(panel).send();
    const fault = (label: string) => panel.locator('.field', { hasText: label }).locator('.fault');
    await fault('due').getByText('This is required.').waitFor();
    await fault('files').getByText('There must be at most 2 entries.').waitFor();
    expect(await fault('owner').count()).toBe(0);
    expect(await axeFaults(somebody.page)).toEqual([]);
    await panel.getByLabel('files').fill('a.ts\nb.ts');
    await panel.getByLabel('due').fill('2026-03-09');
    await answers(panel).send();
    await answers(panel).confirm();
    await panel.locator('[data-outcome]').waitFor();
    const begins = await somebody.page.evaluate(() => new Date('2026-03-02T09:30').toISOString());
    expect((await found(id)).humanResponse.answer).toEqual({
      owner: 'ada@example.com',
      due: '2026-03-09',
      begins,
      files: ['a.ts', 'b.ts'],
    });
  });

  test('turns a request down whatever stands in its form, and says that it stays behind', async () => {
    const responseSchema = { type: 'object', properties: { amount: { type: 'number', maximum: 100 } } };
    const id = await station.world.ask({ responseSchema });
    const panel = await open(await signedIn('OPERATOR'), id);
    await panel.getByLabel('amount').fill('500');
    await panel.getByRole('button', { name: 'Reject' }).click();
    await panel.getByText('What you filled in above is not sent with this.').waitFor();
    await panel.locator('form').getByRole('button', { name: 'Reject' }).click();
    await panel.locator('[data-outcome]').waitFor();
    expect(await found(id)).toMatchObject({ resolution: 'REJECTED', humanResponse: { answer: null } });
  });

  test('decides nothing by a key beside a form that is open', async () => {
    const somebody = await signedIn('SUPERVISOR');
    const [request, call] = [await station.world.ask(), await askCall({})];
    for (const [id, form] of [
      [request, 'Modify'],
      [call, 'Edit and approve'],
    ] as const) {
      const panel = await open(somebody, id);
      await panel.getByRole('button', { name: form }).click();
      const cancel = panel.locator('form').getByRole('button', { name: 'Cancel' });
      await cancel.focus();
      for (const key of ['a', 'r', '1', 'c', 'e']) await somebody.page.keyboard.press(key);
      await panel.locator('form').getByRole('heading', { name: form }).waitFor();
      await cancel.click();
      await panel.locator('.actions').getByRole('button', { name: 'Reject' }).waitFor();
    }
    const { intervention, approval } = await station.app.ok(
      station.world.keys.SUPERVISOR,
      'query($request: ID!, $call: ID!) { intervention(id: $request) { status claimedBy { id } } approval(id: $call) { status } }',
      { request, call },
    );
    expect([intervention, approval]).toEqual([{ status: 'PENDING', claimedBy: null }, { status: 'PENDING' }]);
  });

  test('offers nobody what their role would be refused, but for sending it up', async () => {
    const request = await station.world.ask();
    await station.app.ok(
      station.world.keys.OPERATOR,
      'mutation($id: ID!) { escalateIntervention(id: $id, escalation: {reason: "above me"}) { success errors { message } } }',
      { id: request },
    );
    const call = await askCall({ inputData: { command: 'rm -rf / --no-preserve-root' } });
    const somebody = await signedIn('OPERATOR');
    const buttons = (panel: Locator) => panel.locator('.answer').getByRole('button').allTextContents();
    const asked = await open(somebody, request);
    await asked.getByText('This is decided by the role Supervisor, or a higher one.').waitFor();
    expect((await buttons(asked)).map((text) => text.trim())).toEqual(['Escalate e']);
    await somebody.page.keyboard.press('a');
    await somebody.page.keyboard.press('c');
    const held = await open(somebody, call);
    await held.getByText(/This is decided by the role \w+, or a higher one\./).waitFor();
    expect(await buttons(held)).toEqual([]);
    await somebody.page.keyboard.press('a');
    const { intervention, approval } = await station.app.ok(
      station.world.keys.SUPERVISOR,
      'query($request: ID!, $call: ID!) { intervention(id: $request) { status claimedBy { id } } approval(id: $call) { status decisions { verdict } } }',
      { request, call },
    );
    expect([intervention, approval]).toEqual([
      { status: 'PENDING', claimedBy: null },
      { status: 'PENDING', decisions: [] },
    ]);
  });

  test('approves a call of CRITICAL risk in two steps', async () => {
    const id = await askCall({ inputData: { command: 'rm -rf / --no-preserve-root' } });
    const status = async () => {
      const { approval } = await station.app.ok(
        station.world.keys.SUPERVISOR,
        'query($id: ID!) { approval(id: $id) { status ... on AgentCallApproval { riskAssessment { level } } } }',
        { id },
      );
      return approval;
    };
    const { page, ...person } = await signedIn('ADMIN');
    const panel = await open({ page, ...person }, id);
    await page.keyboard.press('a');
    await panel.getByText('This is CRITICAL').waitFor();
    expect(await status()).toEqual({ status: 'PENDING', riskAssessment: { level: 'CRITICAL' } });
    await panel.locator('form').getByRole('button', { name: 'Approve' }).click();
    await panel.locator('.notice, [data-outcome]').first().waitFor();
  });

  test('holds people to what their team asks for: a reason, its own fields, a signature', async () => {
    const { world, app } = station;
    await app.ok(
      world.keys.ADMIN,
      'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success errors { message } } }',
      {
        id: world.teamId,
        yaml: `
human_supervision:
  intervention_types:
    decision:
      ui_config:
        layout: escalation_panel
        require_reason: true
        require_signature: true
        allow_modifications: false
        show_context: false
        show_budget_info: true
        custom_fields:
          - { name: budget_impact, type: currency, required: true }
          - { name: agreed, type: boolean }
`,
      },
    );
    const id = await world.ask({ context: { hidden: 'from view' }, options: [] });
    const somebody = await signedIn('OPERATOR');
    const panel = await open(somebody, id);
    await panel.locator('[data-layout=escalation_panel]').waitFor();
    await panel.getByText('Tokens a day').waitFor();
    expect(await panel.getByText('from view').count()).toBe(0);
    expect(await panel.getByRole('button', { name: 'Modify' }).count()).toBe(0);
    await somebody.page.keyboard.press('a');
    const approve = panel.locator('form').getByRole('button', { name: 'Approve' });
    const alert = panel.locator('form [role=alert]');
    await approve.click();
    expect(await alert.textContent()).toBe('A reason is required.');
    await panel.getByLabel('Reason').fill('It is needed');
    await approve.click();
    expect(await alert.textContent()).toBe('Still missing: budget_impact.');
    await panel.getByLabel('budget impact ($)').fill('12.5');
    const [box, label] = await Promise.all(
      [panel.getByLabel('agreed'), panel.getByText('agreed')].map((each) => each.boundingBox()),
    );
    expect(Math.abs(box!.x - label!.x)).toBeLessThan(8);
    await approve.click();
    expect(await alert.textContent()).toBe('Enter your name exactly: OPERATOR.');
    await panel.getByLabel('Sign with your name').fill('OPERATOR');
    expect(await axeFaults(somebody.page)).toEqual([]);
    await approve.click();
    await panel.locator('[data-outcome]').waitFor();
    expect((await found(id)).humanResponse).toMatchObject({
      reasoning: 'It is needed\nSigned: OPERATOR',
      answer: { budget_impact: 12.5 },
    });
  });

  test('lets an approver edit a call beside what was asked, its evidence marked, and consents to what is shown', async () => {
    const id = await askCall({ inputData: { command: 'rm -rf /srv/data', depth: 1 } });
    const [ada, ben] = [await signedIn('SUPERVISOR'), await signedIn('SUPERVISOR')];
    const panel = await open(ada, id);
    expect(await panel.locator('mark.evidence').first().textContent()).toContain('rm -rf');
    const late = await open(ben, id);
    await panel.getByRole('button', { name: 'Edit and approve' }).click();
    const editor = panel.getByLabel('Input of the call, as it is to run (JSON)');
    await editor.fill('{ "command": ');
    await panel.getByText('This is no JSON').waitFor();
    await editor.fill(JSON.stringify({ command: 'ls /srv/data', depth: 1 }, null, 2));
    await panel.locator('.diff-changed', { hasText: 'rm -rf /srv/data' }).waitFor();
    expect(await axeFaults(ada.page)).toEqual([]);
    await panel.getByRole('button', { name: 'Approve as edited' }).click();
    await panel.locator('[data-outcome=APPROVED]').waitFor();
    await panel.locator('.diff-changed', { hasText: 'ls /srv/data' }).waitFor();
    // Whoever still looked sees what became of it, and can approve nothing any more.
    await late.locator('[data-outcome=APPROVED]').waitFor();
    const { approval } = await station.app.ok(
      station.world.keys.SUPERVISOR,
      'query($id: ID!) { approval(id: $id) { ... on AgentCallApproval { approvedInput } } }',
      { id },
    );
    expect(approval.approvedInput).toEqual({ command: 'ls /srv/data', depth: 1 });
  });

  test('says each thing once: what is of risk in its section, and an option that is a button’s by a word', async () => {
    const id = await station.world.ask({
      context: { risk_level: 'rather steep', draft: 'the second one' },
      options: [
        { id: 'y', label: 'Yes, go on', description: '', value: 'approve' },
        { id: 'l', label: 'Later', description: '', value: 'later' },
      ],
    });
    const somebody = await signedIn('OPERATOR');
    const panel = await open(somebody, id);
    await panel
      .locator('.section', { hasText: /^Context/ })
      .getByText('the second one')
      .waitFor();
    await panel.locator('.section', { hasText: /^Risk/ }).getByText('rather steep').waitFor();
    expect(await panel.getByText('rather steep').count()).toBe(1);
    const same = panel.locator('.option', { hasText: 'Tells the agent the same as “Approve” below.' });
    expect(await same.getByRole('button').allTextContents()).toEqual(['1Yes, go on']);
    expect(await axeFaults(somebody.page)).toEqual([]);
  });

  test('follows what becomes of a decision', async () => {
    const { world, app } = station;
    const id = await world.ask();
    const somebody = await signedIn('OPERATOR');
    const panel = await open(somebody, id);
    await somebody.page.keyboard.press('a');
    await panel.locator('[data-outcome=PENDING]').waitFor();
    await app.ok(
      world.keys.AGENT,
      'mutation($id: ID!) { acknowledgeResponse(interventionId: $id) { success errors { message } } }',
      { id },
    );
    await panel.locator('[data-outcome=DELIVERED]').waitFor();
    await panel.getByText('the agent has it').waitFor();
  });

  test('lets nobody decide whose role reads alone', async () => {
    const id = await station.world.ask();
    const somebody = await signedIn('VIEWER');
    const panel = await open(somebody, id);
    await panel.getByText('Your role reads').waitFor();
    await somebody.page.keyboard.press('a');
    expect(await found(id)).toMatchObject({ resolution: null });
  });
});
