// Builds the page: design tokens become CSS variables, and the page gets its release. No packages needed.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const here = new URL('.', import.meta.url).pathname;
const tokens = JSON.parse(readFileSync(`${here}src/tokens.json`, 'utf8'));
const css = Object.entries(tokens).map(([name, value]) => `  --${name}: ${value};`).join('\n');

mkdirSync(`${here}dist`, { recursive: true });
cpSync(`${here}src/index.html`, `${here}dist/index.html`);
cpSync(`${here}src/login.js`, `${here}dist/login.js`);
writeFileSync(`${here}dist/tokens.css`, `:root {\n${css}\n}\n`);
console.log(`built ${Object.keys(tokens).length} tokens`);
