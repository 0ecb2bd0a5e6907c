import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "../src/crc32.ts";
import { crc32 as bitwise } from "./bitwise_crc32.ts";

test("the check value of the standard", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  assert.equal(crc32(new Uint8Array()), 0);
});

test("any length, from any place in a buffer, as the definition says", () => {
  const all = Uint8Array.from({ length: 400 }, (_, at) => (at * at * 31 + 7) & 0xff);
  for (let start = 0; start < 9; start++) {
    for (let length = 0; length < 40; length++) {
      const part = all.subarray(start, start + length);
      assert.equal(crc32(part), bitwise(part), `${start} + ${length}`);
    }
  }
});
