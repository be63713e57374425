/**
 * The command line: `npm run -s cli -- COMMAND …`. stdout belongs to the answer alone; the exit code is 0 only when the
 * command succeeded, 2 when it was called wrongly, 130 when the user stopped it, else 1.
 */
import { errorDetails, formatError } from '../base/errors.ts';
import { nearestNames } from '../config/nearest-name.ts';
import { Interrupted, UsageError } from './command.ts';
import type { Answer, Command } from './command.ts';
import { COMMANDS, NOT_BUILT } from './commands/list.ts';
import { commandHelp, programHelp, usageLine } from './help.ts';
import { parseArguments } from './parse-arguments.ts';

const writeStdout = process.stdout.write.bind(process.stdout);
// Libraries greet on stdout; whatever is not the answer goes to stderr.
process.stdout.write = process.stderr.write.bind(process.stderr);
for (const method of ['log', 'info', 'debug'] as const) console[method] = console.error;

function say(line: string): void {
  console.error(line);
}

/** Resolves when the text has left this process, so that `process.exit` cuts nothing off. */
function answerWith(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    writeStdout(text.endsWith('\n') ? text : `${text}\n`, (error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}

function findCommand(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name);
  if (command !== undefined) return command;
  const builtLater = NOT_BUILT.find((known) => known === name);
  if (builtLater !== undefined) throw new UsageError(`${builtLater} is not built yet.`);
  const near = nearestNames(
    name,
    COMMANDS.map((known) => known.name),
  );
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'See --help for the list.';
  throw new UsageError(`there is no command ${JSON.stringify(name)}. ${hint}`);
}

async function give({ json, text, summary }: Answer, asJson: boolean): Promise<void> {
  if (!asJson) {
    await answerWith(text);
    return;
  }
  if (summary === true) say(text);
  await answerWith(JSON.stringify(json));
}

async function run(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const help = programHelp(COMMANDS);
    if (name !== undefined) await answerWith(help);
    else say(help);
    return name === undefined ? 2 : 0;
  }
  const asJson = rest.includes('--json');
  let command: Command | undefined;
  try {
    command = findCommand(name);
    const args = parseArguments(command, rest);
    if (args.flag('help')) {
      await answerWith(commandHelp(command));
      return 0;
    }
    const answer = await command.run(args, { cwd: process.cwd(), say });
    await give(answer, asJson);
    return answer.exitCode ?? 0;
  } catch (error) {
    return failure(error, command, asJson);
  }
}

function failure(error: unknown, command: Command | undefined, asJson: boolean): number {
  if (error instanceof Interrupted) {
    say(error.message);
    return error.exitCode;
  }
  const isUsage = error instanceof UsageError;
  const details = isUsage ? { code: 'usage', what: error.message } : errorDetails(error);
  say(asJson ? JSON.stringify({ error: details }) : `error: ${formatError(details)}`);
  if (isUsage && command !== undefined) say(usageLine(command));
  // A mistake of this program: where it is helps whoever mends it.
  if (details.code === 'internal' && error instanceof Error) say(error.stack ?? '');
  return isUsage ? 2 : 1;
}

process.stdout.on('error', () => {
  // The reader of the pipe is gone (`| head`), so nobody got the answer.
  process.exit(1);
});

// The GPU's own threads keep a process alive, so it is ended here.
process.exit(await run(process.argv.slice(2)));
