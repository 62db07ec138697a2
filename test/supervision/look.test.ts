import { expect, test } from 'vitest';
import { supervisionEnvironment } from '../../src/supervision/from-environment.ts';
import { lookOf, readLook } from '../../src/supervision/look.ts';
import { withNotifications } from '../notifications/house.ts';
import { seedTeam } from '../support/house.ts';

const { scene, database, configure } = withNotifications();
const PNG = 'data:image/png;base64,iVBORw0KGgo=';
const environment = supervisionEnvironment([], { COMPANY_LOGO_URL: PNG });
const asItComes = { theme: null, logo: null, primaryColor: null, secondaryColor: null };
const customized = (ui_customization: object) => ({ workstation: { ui_customization } });

test('looks as its project says (1.14)', async () => {
  const { projectId } = scene.team;
  const look = (id: string | null = projectId) => readLook(database().prisma, id, environment);
  expect(await look()).toEqual(asItComes);
  await configure(
    customized({
      theme: 'acme_dark',
      branding: { logo_url: '${COMPANY_LOGO_URL}', primary_color: '#1a73e8', secondary_color: '#3a5' },
    }),
  );
  expect(await look()).toEqual({ theme: 'dark', logo: PNG, primaryColor: '#1a73e8', secondaryColor: '#3a5' });
  // Who sees several projects sees none of theirs.
  const elsewhere = await seedTeam(scene.house);
  expect([await look(elsewhere.projectId), await look(null)]).toEqual([asItComes, asItComes]);
  await configure({ enabled: false, ...customized({ theme: 'light' }) });
  expect(await look()).toEqual(asItComes);
});

test.each([
  'https://example.com/logo.png',
  '//example.com/logo.png',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'data:image/png',
  '',
])('asks nobody elsewhere for a logo, and runs none: %s', (logo_url) => {
  expect(lookOf({ branding: { logo_url } }, environment).logo).toBe(null);
});

test.each(['red', '#12', '#1234567', 'url(https://example.com)', '#abc;}', 'var(--text)'])(
  'takes no color for one that is none: %s',
  (primary_color) => {
    expect(lookOf({ branding: { primary_color } }, environment).primaryColor).toBe(null);
  },
);

test.each([
  ['acme_light', 'light'],
  ['DARK', 'dark'],
  ['solarized', null],
])('theme %s is %s', (theme, expected) => {
  expect(lookOf({ theme }, environment).theme).toBe(expected);
});
