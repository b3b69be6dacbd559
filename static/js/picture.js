// A photo made small enough for a weak signal; what the browser cannot read goes as it is.

const LONGEST = 1600; // px
const QUALITY = 0.85;
const SMALL = 400 * 1024; // bytes: not worth another pass

async function decode(file) {
  try {
    return await createImageBitmap(file, {imageOrientation: "from-image"});
  } catch {
    const image = new Image();
    image.src = URL.createObjectURL(file);
    try {
      await image.decode(); // Safari 15 reads HEIC here and turns it upright
      return image;
    } finally {
      URL.revokeObjectURL(image.src);
    }
  }
}

/** A JPEG of at most 1600 px a side, or `file` itself when it is small, a PDF or unreadable here. */
export async function shrink(file) {
  if (file.type === "application/pdf" || file.name?.toLowerCase().endsWith(".pdf")) return file;
  let picture;
  try {
    picture = await decode(file);
  } catch {
    return file;
  }
  const width = picture.naturalWidth ?? picture.width;
  const height = picture.naturalHeight ?? picture.height;
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  if (scale === 1 && file.size <= SMALL && /^image\/(jpeg|png|webp)$/.test(file.type)) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // transparent pictures get paper, not black
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close?.();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  return blob && (blob.size < file.size || file.type !== "image/jpeg") ? blob : file;
}

/** Hex SHA-256, or "" on plain http, where browsers have no digest. */
export async function sha256(blob) {
  if (!globalThis.crypto?.subtle) return "";
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
