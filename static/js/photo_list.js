// Choosing photos and showing them as cards; what then becomes of them is another module's business.
import {element, icon} from "./dom.js";

/**
 * Buttons for camera and album instead of the plain input of an uploader; `onFiles` gets what is chosen.
 * Gives the files the input held already.
 */
export function photoButtons(fieldset, onFiles) {
  const plain = fieldset.querySelector("[data-evidence-plain]");
  const old = plain.querySelector("input");
  const {accept} = old;
  // On a slow line people choose before this script is there; the picker may even still be open.
  const early = [...old.files];
  const listen = (input) => input.addEventListener("change", () => { onFiles([...input.files]); input.value = ""; });
  const button = (words, name, attributes) => {
    const input = element("input", {type: "file", accept, ...attributes});
    listen(input);
    return element("label", {class: "btn file-button"}, icon(fieldset.dataset.icons, name), words, input);
  };
  plain.replaceChildren(
    button("拍照", "camera", {accept: "image/*", capture: "environment"}),
    button("从相册选", "photo", {multiple: true}),
  );
  listen(old);
  return early;
}

/** A card with room for the picture, its state in words and its progress. */
export function photoCard(name, type, icons) {
  const thumb = element("span", {class: "thumb"}, icon(icons, type === "application/pdf" ? "file-type-pdf" : "photo"));
  const words = element("span", {class: "state"});
  const bar = element("progress", {max: 100, value: 0, "aria-label": `${name} 上传进度`});
  return {thumb, words, bar, li: element("li", {class: "evidence-item"}, thumb, bar, words, element("span", {class: "name"}, name))};
}
