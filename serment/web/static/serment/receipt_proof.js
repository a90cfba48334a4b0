/* A receipt checked in the browser, as serment/ledger/proof.py does it: the file's statement leads to
   an entry, the entry by its audit path to a root, and the root is signed by the log's key.
   Reads bytes that strangers may have made: every length is checked before anything is taken.
   Nothing here asks a network or touches the page. */
"use strict";

const receiptProof = (() => {
  const FIRST_LINE = "c2sp.org/tlog-proof@v1";
  const PROOF_BYTES_MAX = 1 << 17;
  const HASHES_MAX = 63;
  const SALT_BYTES = 32;
  const WITHHELD = 0xffffffff;
  const DEPTH_MAX = 8;
  const text = new TextEncoder();
  const MAGIC = text.encode("serment receipt 1");

  // ``unreadable``: no receipt, or no key; ``false``: it is one, and does not hold.
  class Fault extends Error {
    constructor(kind, why) {
      super(why);
      this.kind = kind;
      this.why = why;
    }
  }
  const must = (holds, kind, why) => {
    if (!holds) throw new Fault(kind, why);
  };

  const joined = (...parts) => {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  };
  const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
  const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
  const hexadecimal = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  // Canonical only: one text for each value.
  const decoded = (line) => {
    let raw = "";
    try {
      raw = atob(line);
    } catch {
      throw new Fault("unreadable", "form");
    }
    must(btoa(raw) === line, "unreadable", "form");
    return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
  };

  const written = (bytes) => {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new Fault("unreadable", "form");
    }
  };

  const parse = (bytes) => {
    must(bytes.length <= PROOF_BYTES_MAX, "unreadable", "form");
    const whole = written(bytes);
    const end = whole.indexOf("\n\n");
    must(end > 0, "unreadable", "form");
    const lines = whole.slice(0, end).split("\n");
    must(lines.shift() === FIRST_LINE, "unreadable", "form");
    must((lines[0] || "").startsWith("extra "), "unreadable", "silent");
    const statement = decoded(lines.shift().slice("extra ".length));
    const place = /^index (0|[1-9][0-9]{0,18})$/.exec(lines.shift() || "");
    must(place, "unreadable", "form");
    const hashes = lines.map(decoded);
    must(hashes.length <= HASHES_MAX && hashes.every((one) => one.length === 32), "unreadable", "form");
    return { statement, index: BigInt(place[1]), hashes, ...note(whole.slice(end + 2)) };
  };

  // A signed note: text, an empty line, signature lines (c2sp.org/signed-note).
  const note = (whole) => {
    // eslint-disable-next-line no-control-regex
    must(!/[\u0000-\u0009\u000b-\u001f]/.test(whole), "unreadable", "form");
    const split = whole.lastIndexOf("\n\n");
    must(split > 0 && whole.endsWith("\n") && split + 2 < whole.length, "unreadable", "form");
    const signed = whole.slice(0, split + 1);
    const signatures = whole.slice(split + 2, -1).split("\n").map((line) => {
      const found = /^— ([^\s+]+) (\S+)$/.exec(line);
      must(found, "unreadable", "form");
      const data = decoded(found[2]);
      must(data.length >= 5, "unreadable", "form");
      return { name: found[1], id: data.slice(0, 4), signature: data.slice(4) };
    });
    const [origin, size, root, ...more] = signed.slice(0, -1).split("\n");
    must(/^(0|[1-9][0-9]{0,18})$/.test(size || "") && root && more.every(Boolean), "unreadable", "form");
    const hash = decoded(root);
    must(hash.length === 32, "unreadable", "form");
    return { signed: text.encode(signed), signatures, origin, size: BigInt(size), root: hash };
  };

  // A key as people pass it on: name+id+base64; the id ties the three together.
  const keyOf = async (line) => {
    const found = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(line.trim());
    must(found, "unreadable", "key");
    let key = null;
    try {
      key = decoded(found[3]);
    } catch {
      throw new Fault("unreadable", "key");
    }
    must(key.length === 33 && key[0] === 1, "unreadable", "key");
    const id = (await sha256(text.encode(`${found[1]}\n`), key)).slice(0, 4);
    must(hexadecimal(id) === found[2], "unreadable", "key");
    return { name: found[1], id, bytes: key.slice(1) };
  };

  const signedBy = async (proof, key) => {
    must(key.name === proof.origin, "false", "otherKey");
    const own = proof.signatures.filter((one) => one.name === key.name && same(one.id, key.id));
    must(own.length, "false", "otherKey");
    const known = await crypto.subtle.importKey("raw", key.bytes, { name: "Ed25519" }, false, ["verify"]);
    for (const one of own) {
      const good = await crypto.subtle.verify({ name: "Ed25519" }, known, one.signature, proof.signed);
      must(good, "false", "signature");
    }
  };

  // The audit path of RFC 9162, section 2.1.3.2.
  const included = async (proof, entry) => {
    must(proof.index < proof.size, "false", "path");
    let [place, last] = [proof.index, proof.size - 1n];
    let found = await sha256(Uint8Array.of(0), entry);
    for (const sibling of proof.hashes) {
      must(last > 0n, "false", "path");
      if (place & 1n || place === last) {
        found = await sha256(Uint8Array.of(1), sibling, found);
        while (place && !(place & 1n)) {
          place >>= 1n;
          last >>= 1n;
        }
      } else {
        found = await sha256(Uint8Array.of(1), found, sibling);
      }
      place >>= 1n;
      last >>= 1n;
    }
    must(last === 0n && same(found, proof.root), "false", "path");
  };

  // Two salted parts, or the hash of one that is withheld (serment/ledger/statement.py).
  const partsOf = async (data) => {
    must(data.length > MAGIC.length && same(data.slice(0, MAGIC.length), MAGIC), "unreadable", "silent");
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    let at = MAGIC.length;
    const part = async () => {
      must(at + 4 <= data.length, "unreadable", "form");
      const length = view.getUint32(at);
      const begin = at + 4;
      at = begin + (length === WITHHELD ? 32 : length);
      must((length === WITHHELD || length > SALT_BYTES) && at <= data.length, "unreadable", "form");
      const held = data.slice(begin, at);
      if (length === WITHHELD) return { hash: held, contents: null };
      return { hash: await sha256(text.encode("serment part 1"), held), contents: held.slice(SALT_BYTES) };
    };
    const found = { actor: await part(), patient: await part() };
    must(at === data.length, "unreadable", "form");
    return found;
  };

  // The few MessagePack forms that the keeper writes (serment/ledger/messagepack.py).
  const value = (data) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    let at = 0;
    const take = (count) => {
      must(at + count <= data.length, "unreadable", "form");
      at += count;
      return at - count;
    };
    const number = (width) => {
      const from = take(width);
      if (width === 1) return view.getUint8(from);
      if (width === 2) return view.getUint16(from);
      return width === 4 ? view.getUint32(from) : Number(view.getBigUint64(from));
    };
    const signed = (width) => {
      const from = take(width);
      if (width === 1) return view.getInt8(from);
      if (width === 2) return view.getInt16(from);
      return width === 4 ? view.getInt32(from) : Number(view.getBigInt64(from));
    };
    const bytes = (length) => {
      const from = take(length);
      return data.slice(from, from + length);
    };
    const list = (count, depth) => {
      must(depth && count <= data.length - at, "unreadable", "form");
      return Array.from({ length: count }, () => read(depth - 1));
    };
    const read = (depth) => {
      const kind = number(1);
      if (kind === 0xc0) return null;
      if (kind === 0xc2 || kind === 0xc3) return kind === 0xc3;
      if (kind <= 0x7f) return kind;
      if (kind >= 0xe0) return kind - 0x100;
      if (kind >= 0xd0 && kind <= 0xd3) return signed(1 << (kind - 0xd0));
      if (kind >= 0xcc && kind <= 0xcf) return number(1 << (kind - 0xcc));
      if (kind >= 0xc4 && kind <= 0xc6) return bytes(number(1 << (kind - 0xc4)));
      if (kind >= 0xa0 && kind <= 0xbf) return written(bytes(kind & 0x1f));
      if (kind >= 0xd9 && kind <= 0xdb) return written(bytes(number(1 << (kind - 0xd9))));
      if (kind >= 0x90 && kind <= 0x9f) return list(kind & 0x0f, depth);
      must(kind === 0xdc || kind === 0xdd, "unreadable", "form");
      return list(number(kind === 0xdc ? 2 : 4), depth);
    };
    const found = read(DEPTH_MAX);
    must(at === data.length && Array.isArray(found), "unreadable", "form");
    return found;
  };

  /** What a receipt proves under a key; throws a Fault with ``kind`` and ``why``. */
  const check = async (bytes, line) => {
    const proof = parse(bytes);
    const key = await keyOf(line);
    const parts = await partsOf(proof.statement);
    await signedBy(proof, key);
    const entry = await sha256(text.encode("serment leaf 1"), parts.actor.hash, parts.patient.hash);
    await included(proof, entry);
    return {
      origin: proof.origin,
      index: proof.index,
      size: proof.size,
      others: proof.signatures.length - 1,
      actor: parts.actor.contents && value(parts.actor.contents),
      patient: parts.patient.contents && value(parts.patient.contents),
    };
  };

  /** Whether this browser can: Ed25519 came late to some, and pages without HTTPS get none. */
  const able = async () => {
    try {
      const form = { name: "Ed25519" };
      await crypto.subtle.importKey("raw", new Uint8Array(32), form, false, ["verify"]);
      return true;
    } catch {
      return false;
    }
  };

  return { able, check, hexadecimal };
})();
