/**
 * Firefox for the tests, by WebDriver BiDi: reads one job as JSON from stdin, writes what it found as JSON to stdout.
 *
 * A job is `{program, url, steps}`; a step is `{press: key}` or `{run: an expression}`. The answer is
 * `{version, results, errors}`, with one result for each step and what the console said of errors.
 */

import { text } from "node:stream/consumers";
import puppeteer from "puppeteer-core";

const { program, url, steps } = JSON.parse(await text(process.stdin));
const browser = await puppeteer.launch({ browser: "firefox", executablePath: program, protocolTimeout: 240_000 });
const errors = [];
const results = [];
try {
  const page = await browser.newPage();
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(url, { waitUntil: "domcontentloaded" });
  for (const step of steps) {
    if (step.press) await page.keyboard.press(step.press);
    results.push(step.run ? await page.evaluate(step.run) : null);
  }
  process.stdout.write(JSON.stringify({ version: await browser.version(), results, errors }));
} finally {
  await browser.close();
}
