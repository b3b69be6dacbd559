// Photos of a page, large: arrow keys, swipe, and before beside after for a pair.
import {element} from "./dom.js";

const SWIPE = 48; // px

function figure(link) {
  return element("figure", {},
    element("img", {src: link.href, alt: link.querySelector("img")?.alt ?? ""}),
    element("figcaption", {}, link.dataset.caption ?? ""),
  );
}

function open(start) {
  const links = [...document.querySelectorAll("a[data-photo]")];
  let index = links.indexOf(start);
  let isPair = false;
  const button = (label) => element("button", {type: "button"}, label);
  const [close, previous, next, compare] = [button("关闭"), button("‹ 上一张"), button("下一张 ›"), button("前后对比")];
  const count = element("span", {role: "status"});
  const stage = element("div", {class: "viewer-stage"});
  const dialog = element("dialog", {class: "viewer", "aria-label": "查看照片"},
    element("div", {class: "viewer-bar"}, count, compare, close), stage,
    element("div", {class: "viewer-foot"}, previous, next));

  const partners = () => [...(links[index].closest(".photo-pair")?.querySelectorAll("a[data-photo]") ?? [])];
  function show() {
    const pair = partners();
    compare.hidden = pair.length !== 2;
    isPair &&= pair.length === 2;
    compare.setAttribute("aria-pressed", String(isPair));
    compare.textContent = isPair ? "单张查看" : "前后对比";
    stage.classList.toggle("is-pair", isPair);
    stage.replaceChildren(...(isPair ? pair : [links[index]]).map(figure));
    count.textContent = `${index + 1} / ${links.length}`;
    previous.hidden = next.hidden = links.length < 2;
  }
  function step(by) {
    const size = links.length;
    const [from, pair] = [index, isPair ? partners() : []];
    do index = (index + by + size) % size; while (pair.includes(links[index]) && index !== from);
    show();
  }
  close.addEventListener("click", () => dialog.close());
  previous.addEventListener("click", () => step(-1));
  next.addEventListener("click", () => step(1));
  compare.addEventListener("click", () => { isPair = !isPair; show(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    else if (event.key === "ArrowRight") step(1);
  });
  let touch = null;
  stage.addEventListener("pointerdown", (event) => { touch = event.isPrimary ? event : null; });
  stage.addEventListener("pointerup", (event) => {
    const moved = touch ? event.clientX - touch.clientX : 0;
    if (Math.abs(moved) > SWIPE && (window.visualViewport?.scale ?? 1) === 1) step(moved < 0 ? 1 : -1);
    touch = null;
  });
  dialog.addEventListener("close", () => { dialog.remove(); start.focus(); });
  document.body.append(dialog);
  show();
  dialog.showModal();
  close.focus();
}

export function watchPhotos() {
  if (!window.HTMLDialogElement) return; // the link opens the picture itself
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-photo]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });
}
