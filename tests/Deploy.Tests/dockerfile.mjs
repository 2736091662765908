// Reads a Dockerfile on standard input; answers with what a linter has against it, and with its instructions by stage.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { validate } = require('dockerfile-utils');
const { DockerfileParser } = require('dockerfile-ast');
const text = readFileSync(0, 'utf8');
const problems = validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`);
const stages = [];
for (const instruction of DockerfileParser.parse(text).getInstructions()) {
  const keyword = instruction.getKeyword();
  if (keyword === 'FROM') stages.push({ name: instruction.getBuildStage(), image: instruction.getImage(), instructions: [] });
  else if (stages.length > 0) stages.at(-1).instructions.push({ keyword, arguments: instruction.getRawArgumentsContent() ?? '' });
}
process.stdout.write(JSON.stringify({ problems, stages }));
