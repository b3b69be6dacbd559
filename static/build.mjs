// Builds static/dist/ from static/css, static/js and the icons the templates name. Run: npm run build
import {mkdir, readFile, readdir, rm, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {brotliCompressSync} from "node:zlib";
import * as esbuild from "esbuild";
import {transform} from "lightningcss";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const dist = join(here, "dist");
const BUDGETS = {css: 12 * 1024, js: 25 * 1024, statistics: 190 * 1024}; // brotli bytes; over them the build fails

// Container queries and layers pass through; light-dark() and nesting are lowered for Chromium 99 and Safari 15.
async function buildCss() {
  const bundled = await esbuild.build({
    entryPoints: [join(here, "css/app.css")],
    bundle: true,
    write: false,
    target: ["chrome120", "safari17"], // esbuild only joins the files here
  });
  const {code} = transform({
    filename: "app.css",
    code: bundled.outputFiles[0].contents,
    minify: true,
    targets: {chrome: 99 << 16, safari: 15 << 16},
  });
  await writeFile(join(dist, "app.css"), code);
}

async function buildJs() {
  const options = {bundle: true, minify: true, legalComments: "none", charset: "utf8", target: ["chrome99", "safari15"], outdir: dist};
  const pages = ["app.js", "evidence.js", "visit.js", "statistics.js", "field/field.js", "field/device.js", "field/packet.js"];
  await esbuild.build({
    ...options,
    entryPoints: pages.map((page) => join(here, "js", page)),
    entryNames: "[name]",
    format: "esm",
    loader: {".svg": "text"}, // the packet carries the icons inside
  });
  await esbuild.build({...options, entryPoints: [join(here, "js/sw.js")], format: "iife"});
}

// Names in `{% icon "name" %}` of any template, plus those that reach templates from Python (static/icons/names.txt).
async function iconNames() {
  const names = new Set((await readFile(join(here, "icons/names.txt"), "utf8")).split("\n").filter(Boolean));
  const entries = await readdir(join(root, "templates"), {recursive: true});
  for (const entry of entries.filter((name) => name.endsWith(".html"))) {
    const text = await readFile(join(root, "templates", entry), "utf8");
    for (const [, name] of text.matchAll(/\{% icon "([a-z0-9-]+)"/g)) names.add(name);
  }
  return [...names].sort();
}

async function buildIcons() {
  const names = await iconNames();
  const symbols = names.map(async (name) => {
    const path = join(root, "node_modules/@tabler/icons/icons/outline", `${name}.svg`);
    const svg = await readFile(path, "utf8").catch(() => {
      throw new Error(`No icon "${name}" in @tabler/icons (outline)`);
    });
    const shapes = svg
      .slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.indexOf("</svg>"))
      .replace(/<path stroke="none"[^>]*\/>/, "")
      .replace(/\s+/g, " ")
      .trim();
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
  });
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${(await Promise.all(symbols)).join("")}</svg>`;
  await writeFile(join(dist, "icons.svg"), sprite);
  return names.length;
}

async function report() {
  const size = async (name) => brotliCompressSync(await readFile(join(dist, name))).length;
  const names = ["app.css", "app.js", "evidence.js", "visit.js", "statistics.js", "field.js", "device.js", "packet.js", "sw.js", "icons.svg"];
  const sizes = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await size(name)])));
  for (const [name, bytes] of Object.entries(sizes)) console.log(`${name.padEnd(12)} ${(bytes / 1024).toFixed(1)} KB br`);
  const js = sizes["app.js"] + sizes["evidence.js"] + sizes["visit.js"]; // the inspection form has them all
  const field = sizes["field.js"]; // the field page has this alone, and works without any other
  const statistics = sizes["app.js"] + sizes["statistics.js"];
  const kb = (bytes) => (bytes / 1024).toFixed(1);
  console.log(`budget       CSS ${kb(sizes["app.css"])} of 12 KB, JS ${kb(js)} of 25 KB, field page ${kb(field)} of 25 KB`);
  if (sizes["app.css"] > BUDGETS.css || js > BUDGETS.js || field > BUDGETS.js || statistics > BUDGETS.statistics) throw new Error("Over the budget");
}

await rm(dist, {recursive: true, force: true});
await mkdir(dist, {recursive: true});
const [icons] = await Promise.all([buildIcons(), buildCss()]);
await buildJs(); // after the icons, which the packet takes in
await writeFile(join(dist, "favicon.svg"), await readFile(join(here, "icons/favicon.svg")));
console.log(`icons        ${icons}`);
await report();
