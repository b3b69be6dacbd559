// SHA-256 and HMAC where the browser has no crypto.subtle: plain http, and files opened from the phone's own storage.
import {hmac} from "@noble/hashes/hmac.js";
import {sha256} from "@noble/hashes/sha2.js";
import {bytesToHex, hexToBytes} from "@noble/hashes/utils.js";

/** Hex SHA-256 of an ArrayBuffer. */
export async function hashOf(buffer) {
  if (!globalThis.crypto?.subtle) return bytesToHex(sha256(new Uint8Array(buffer)));
  return bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", buffer)));
}

/** Hex HMAC-SHA256 of `bytes` under the hex `key` of a kit. */
export function macOf(bytes, key) {
  return bytesToHex(hmac(sha256, hexToBytes(key), bytes));
}
