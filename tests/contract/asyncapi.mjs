// Says what is wrong with an AsyncAPI document: asyncapi.mjs FILE.
import fs from "node:fs";
import { Parser } from "@asyncapi/parser";

const WARNING = 1;
const found = await new Parser().validate(fs.readFileSync(process.argv[2], "utf8"));
const bad = found.filter((problem) => problem.severity <= WARNING);
for (const problem of bad) {
    console.error(`${problem.path.join(".")}: ${problem.message}`);
}
process.exit(bad.length === 0 ? 0 : 1);
