// What was captured, as one file: the same for the packet and for a draft exported from the phone.
import {downloadZip} from "client-zip";
import {TEXTS, findingBody} from "./draft.js";
import {hashOf, macOf} from "./hash.js";

const FORMAT = 1;
const EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic", "image/heif": "heif", "application/pdf": "pdf"};
const extension = (type) => EXTENSIONS[type] ?? "bin";

function contents(draft, kit, now) {
  const {record} = draft;
  const names = ["kind", "is_unannounced", "checklist", "campaigns", "inspectors", "checked_in_at", ...TEXTS];
  const answers = Object.entries(draft.answers).filter(([, answer]) => answer.value);
  return {
    format: FORMAT, packet: kit.packet, visit: draft.visit, digest: kit.digest, saved: draft.saved, saved_at: now,
    record: Object.fromEntries(names.map((name) => [name, record[name] ?? null])),
    answers: answers.map(([item, {value, note, revision, sent}]) =>
      ({item: Number(item), value, note: String(note).trim(), revision: sent ? revision : null})),
    findings: Object.entries(draft.findings).map(([uid, finding]) =>
      ({uid, ...findingBody(finding), revision: finding.sent ? finding.revision : null})),
    photos: Object.values(draft.photos).map(({id, finding, stage, name, type, taken_at, sha256, size}) =>
      ({id, finding, stage, name, type, taken_at, sha256, size})),
    signatures: Object.values(draft.signatures).map(({is_sent, trouble, ...signature}) => signature),
    is_finished: draft.is_finished,
  };
}

/**
 * The zip of a draft as a Blob, with a name; `saved` grows with every file made, so the server knows the latest.
 * Throws when a photo is not here any more or not as it was taken.
 */
export async function pack(store, kit) {
  const now = new Date();
  const draft = await store.change(kit.visit, (found) => {
    found.saved = Math.max(found.saved + 1, Math.floor(now.getTime() / 1000)); // also grows where nothing is kept
  });
  const photos = [];
  for (const {id, type, sha256} of Object.values(draft.photos)) {
    const row = await store.photo(id);
    if (!row || (await hashOf(row.bytes)) !== sha256) throw new Error(`photo ${id}`);
    photos.push({name: `photos/${id}.${extension(type)}`, lastModified: now, input: row.bytes});
  }
  const bytes = new TextEncoder().encode(JSON.stringify(contents(draft, kit, now.toISOString())));
  const files = [
    {name: "visit.json", lastModified: now, input: bytes},
    {name: "mac.txt", lastModified: now, input: macOf(bytes, kit.key)},
    ...photos,
  ];
  const day = now.toLocaleDateString("sv-SE");
  const time = now.toTimeString().slice(0, 5).replace(":", "");
  return {blob: await downloadZip(files).blob(), name: `检查数据-${draft.institution.name}-${day}-${time}.zip`};
}

/** Hands a file to the person: the browser saves it where it saves downloads. */
export function save({blob, name}) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/[\\/:*?"<>|]/g, "_");
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
