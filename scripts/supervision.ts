// npm run supervision: looks at a supervision configuration, and records nothing. See USAGE.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { readConfiguration } from '../src/supervision/configuration.ts';
import { supervisionEnvironment } from '../src/supervision/from-environment.ts';
import { readEvent, simulate } from '../src/triggers/simulate.ts';

const USAGE = `Usage: npm run supervision -- check FILE
       npm run supervision -- simulate FILE EVENT.json

  check FILE      tells every fault of the configuration in FILE, and every setting in it that nothing obeys, each with its
                  line.
  simulate FILE EVENT.json
                  tells, as YAML, what reportExecutionEvent would answer to the event: the directive and, where a trigger of
                  FILE asks, which one, what it asks and on what terms. EVENT.json is an ExecutionEventInput without
                  sessionId and idempotencyKey. The budget is not known, and no option is disabled for it.

The environment, SUPERVISION_ENV in it, is read as the server would. One of the files may be - for standard input.

Exit code: 0 it can be used, 1 FILE or the event has faults, 2 one could not be read, or this was asked wrongly.`;

process.exitCode = main();

function main(): number {
  const words = readArguments();
  if (words === null) {
    console.error(USAGE);
    return 2;
  }
  const [command, file, event] = words;
  if (command === 'help') {
    console.log(USAGE);
    return 0;
  }
  const text = read(file!);
  if (text === null) return 2;
  if (command === 'check') return check(file!, text);
  const json = read(event!);
  return json === null ? 2 : tell(file!, text, event!, json);
}

/** Null: not as USAGE says. */
function readArguments(): string[] | null {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return ['help'];
    const [command] = positionals;
    const wanted = command === 'check' ? 2 : command === 'simulate' ? 3 : null;
    return positionals.length === wanted ? positionals : null;
  } catch {
    return null;
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    console.error(`${file} could not be read: ${(error as Error).message}`);
    return null;
  }
}

function check(file: string, text: string): number {
  const reading = readHere(text);
  if (!reading.ok) {
    for (const { message } of reading.faults) console.error(`${file}: ${message}`);
    return 1;
  }
  for (const { message } of reading.warnings) console.log(`${file}: ${message}`);
  console.log(reading.configuration === null ? `${file} says nothing` : `${file} can be used`);
  return 0;
}

function readHere(text: string) {
  const names = (process.env.SUPERVISION_ENV ?? '').split(',').map((name) => name.trim());
  return readConfiguration(text, supervisionEnvironment(names, process.env));
}

function tell(file: string, text: string, eventFile: string, json: string): number {
  const reading = readHere(text);
  const read = readEvent(json);
  if (!reading.ok) for (const { message } of reading.faults) console.error(`${file}: ${message}`);
  if ('faults' in read) for (const fault of read.faults) console.error(`${eventFile}: ${fault}`);
  if (!reading.ok || 'faults' in read) return 1;
  console.log(stringify(simulate(reading.configuration, read.event), { lineWidth: 0 }).trimEnd());
  return 0;
}
