import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { until } from '../support/until.ts';
import { ownPrefixes, renderConfigurationTable } from '../../src/environment.ts';

const readme = readFileSync('README.md', 'utf8');
const section = (title: string): string => {
  const from = readme.indexOf(`\n## ${title}\n`);
  expect(from, title).toBeGreaterThan(0);
  const to = readme.indexOf('\n## ', from + 1);
  return readme.slice(from, to === -1 ? undefined : to);
};
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code!);

describe('the README', () => {
  test('holds the configuration table as the code has it', () => {
    expect(readme).toContain(`-->\n${renderConfigurationTable()}\n<!-- /configuration -->`);
  });

  test('says which beginnings stop the start, and no others (1.3)', () => {
    const told = [
      ...section('Configuration')
        .split('<!--')[0]!
        .matchAll(/`([A-Z_]+)…`/g),
    ].map(([, name]) => name);
    expect(told).toEqual(ownPrefixes);
  });

  test('links to files that are there, and names scripts that are there', () => {
    for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)#]+)/g))
      expect(existsSync(target!), target).toBe(true);
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const [, name] of readme.matchAll(/npm run ([\w:-]+)/g)) expect(scripts, name).toHaveProperty(name!);
  });

  test('lists every room of src/', () => {
    const listed = section('Reading the code');
    for (const room of globSync('src/*/', { exclude: ['src/generated'] })) {
      expect(listed).toContain(`| \`${room.replace(/^src\/|\/$/g, '')}/\` |`);
    }
  });

  test('names files that are there on the way of a request', () => {
    const way = section('How a request goes through').split('```')[1]!;
    for (const [path] of way.matchAll(/\b[a-z]+\/[\w-]+\.ts\b/g))
      expect(existsSync(`src/${path}`), path).toBe(true);
  });
});

describe('the first decision of the README', () => {
  let server: ChildProcess;
  let folder: string;
  let url: string;
  let key: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-readme-'));
    const env = { PATH: process.env.PATH, DATA_DIR: join(folder, 'data'), PORT: '0', LOG_LEVEL: 'silent' };
    server = spawn(process.execPath, ['src/main.ts'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: server.stdout! })) {
      url = / at (http:\S+)\/graphql/.exec(line)?.[1] ?? url;
      key = /^Admin key.*: (\S+)$/.exec(line)?.[1] ?? key;
      if (url && key) break;
    }
  });

  afterAll(async () => {
    const gone = once(server, 'exit');
    server.kill('SIGTERM');
    const [code] = await gone;
    rmSync(folder, { recursive: true });
    expect(code).toBe(0);
  });

  async function runCommands(): Promise<string> {
    const script = blocks(section('A first decision'), 'sh')
      .join('\n')
      .replace('http://127.0.0.1:4000', url)
      .replace(/hp_…/, key);
    const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [shell.stdout, shell.stderr])
      stream.setEncoding('utf8').on('data', (more: string) => (text += more));
    const [code] = await once(shell, 'close');
    expect(code, text).toBe(0);
    return text;
  }

  test('its commands do what it says', async () => {
    const text = await runCommands();
    expect(text).not.toMatch(/"code"/);
    const answers = text.split('\n').filter((line) => line.startsWith('{'));
    expect(answers).toHaveLength(9);
    expect(answers[4]).toContain('"status":"PENDING"');
    expect(answers[5]).toContain('"sessionResumed":true');
    expect(answers[6]).toContain('"humanResponse":{"responseType":"approve","content":"Looks right"}');
    expect(answers[7]).toContain('"delivery":"DELIVERED"');
    expect(answers[8]).toContain('"status":"COMPLETED"');
  });

  test('its curl is told of what changes, over server-sent events', async () => {
    const [watch] = blocks(section('A first decision'), 'bash');
    const shell = spawn('bash', ['-c', `exec ${watch!.trim()}`], {
      env: { ...process.env, URL: url, ADMIN: key },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let told = '';
    shell.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
    // The first bytes come once the subscription is live.
    await once(shell.stdout, 'data');
    await runCommands();
    await until('both changes', () => told.includes('"status":"RESOLVED"'));
    expect(told).toMatch(/event: next\ndata: .*"status":"PENDING"/);
    const gone = once(shell, 'close');
    shell.kill();
    await gone;
  });

  test('its frames are sent and received as it shows them', async () => {
    const frames = blocks(section('A first decision'), 'text')[0]!.trim().split('\n');
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    const received: string[] = [];
    let arrived = () => {};
    socket.on('message', (data: Buffer) => {
      received.push(String(data));
      arrived();
    });
    const take = async (): Promise<string> => {
      while (received.length === 0) await new Promise<void>((resolve) => (arrived = resolve));
      return received.shift()!.replace(/intervention_\w+/g, 'intervention_…');
    };
    let ran: Promise<string> | null = null;
    for (const line of frames) {
      const frame = line.slice(2);
      if (line.startsWith('>')) {
        socket.send(frame.replace('hp_…', key));
        continue;
      }
      if (frame.includes('interventionUpdates')) ran ??= runCommands();
      expect(await take()).toBe(frame);
    }
    await ran;
    socket.close();
  });
});
