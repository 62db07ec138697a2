// The shell within files of other kinds, at the same places: all else is blanked.

const blank = (line: string): string => ' '.repeat(line.length);

/** RUN, CMD and ENTRYPOINT of a Dockerfile, with their continued lines. */
export function ofDockerfile(source: string): string {
  let within = false;
  return source
    .split('\n')
    .map((line) => {
      const instruction = /^\s*(?:RUN|CMD|ENTRYPOINT)\s+(?:--\S+\s+)*(?!\[)/i.exec(line)?.[0];
      const kept =
        instruction !== undefined
          ? blank(instruction) + line.slice(instruction.length)
          : within
            ? line
            : blank(line);
      within = (instruction !== undefined || within) && /\\\s*$/.test(line);
      return kept;
    })
    .join('\n');
}

/** What `run:`, `script:`, `command:` of a YAML file hold, on the line or in the block under it. */
export function ofYaml(source: string): string {
  let block: number | null = null;
  return source
    .split('\n')
    .map((line) => {
      const indent = line.search(/\S/);
      if (block !== null && (indent === -1 || indent > block)) return line.replace(/^(\s*)- /, '$1  ');
      block = null;
      const key =
        /^(\s*(?:- )?)["']?(?:run|script|scripts|before_script|after_script|command|cmd|args|postinstall|preinstall|entrypoint)["']?\s*:\s*/.exec(
          line,
        );
      if (!key) return blank(line);
      const value = line.slice(key[0].length);
      if (/^[|>][+-]?\d*\s*$|^$/.test(value)) {
        block = key[1]!.length;
        return blank(line);
      }
      return (
        blank(key[0]) + (/^[[{]/.test(value) ? blank(value) : value.replace(/^(["'])(.*)\1\s*$/, ' $2 '))
      );
    })
    .join('\n');
}

/** The recipes of a Makefile. */
export const ofMakefile = (source: string): string =>
  source
    .split('\n')
    .map((line) => (line.startsWith('\t') ? line.replace(/^\t[@-]?/, (mark) => blank(mark)) : blank(line)))
    .join('\n');
