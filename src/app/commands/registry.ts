/**
 * Everything that can be done from the keyboard, in one list: the key handler, the `?` sheet and the palette all read it.
 * Commands come and go with the component that offers them (`useCommands`).
 */
export type CommandGroup = 'go' | 'run' | 'image' | 'data' | 'app';

export const COMMAND_GROUPS: readonly CommandGroup[] = ['go', 'run', 'image', 'data', 'app'];

export interface AppCommand {
  /** Stable and unique: `go.data`, `image.next`. */
  readonly id: string;
  readonly group: CommandGroup;
  /** In the user's language. */
  readonly title: string;
  /**
   * Key combinations: `g d` (one after the other), `Mod+k` (Ctrl, on a Mac ⌘), `ArrowRight`, `?`, `+`. Empty = palette only.
   */
  readonly keys: readonly string[];
  /** False = listed but quiet (a run cannot be paused when none runs). */
  readonly enabled?: boolean;
  /** Not shown in the palette (zooming is of no use there). */
  readonly keysOnly?: boolean;
  run(): void;
}

const commands = new Map<string, AppCommand>();
const listeners = new Set<() => void>();
let snapshot: readonly AppCommand[] = [];

function changed(): void {
  snapshot = [...commands.values()];
  for (const listener of listeners) listener();
}

/** Adds commands; a later one with the same id replaces the earlier. Returns the function that takes them away. */
export function registerCommands(added: readonly AppCommand[]): () => void {
  for (const command of added) commands.set(command.id, command);
  changed();
  return () => {
    for (const command of added) {
      if (commands.get(command.id) === command) commands.delete(command.id);
    }
    changed();
  };
}

/** The commands at this moment; the same array until something changes. */
export function currentCommands(): readonly AppCommand[] {
  return snapshot;
}

export function subscribeCommands(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** Runs a command by its id, if it is offered and enabled now: a button in one place for what another place does. */
export function runCommand(id: string): void {
  const command = commands.get(id);
  if (command !== undefined && command.enabled !== false) command.run();
}
