// Small parts both bundles use.

/** An element with attributes, listeners aside; children are nodes or text. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

/** An icon of the sprite at `url`. */
export function icon(url, name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${url}#${name}`);
  svg.append(use);
  return svg;
}

/** Submits as if `submitter` had been pressed; Safari 15 has no requestSubmit. */
export function resubmit(form, submitter) {
  if (form.requestSubmit) return form.requestSubmit(submitter?.form === form ? submitter : undefined);
  const event = new Event("submit", {bubbles: true, cancelable: true});
  if (!form.dispatchEvent(event)) return undefined;
  if (submitter?.name) form.append(element("input", {type: "hidden", name: submitter.name, value: submitter.value}));
  return form.submit();
}

/** Tells the person something in the corner; screen readers hear it too. */
export function toast(text, tone = "info", link = null) {
  const box = document.querySelector("[data-toasts]");
  if (!box || [...box.children].some((child) => child.dataset.text === text)) return;
  const close = element("button", {type: "button", class: "btn-link"}, "知道了");
  const card = element("div", {class: `alert alert-${tone}`, "data-text": text}, element("div", {}, text, " ", link), close);
  close.addEventListener("click", () => card.remove());
  box.append(card);
  if (!link) setTimeout(() => card.remove(), 8000);
}

/**
 * Asks in a dialog; resolves true for yes. Escape and a click beside it mean no.
 */
export function ask({question, note, yes = "确定", no = "取消", isDanger = false}) {
  return new Promise((resolve) => {
    const dialog = element("dialog", {class: "confirm", "aria-labelledby": "confirm-question"},
      element("h2", {id: "confirm-question"}, question),
      note ? element("p", {class: "prose"}, note) : null,
    );
    const cancel = element("button", {type: "button", class: "btn"}, no);
    const confirm = element("button", {type: "button", class: `btn ${isDanger ? "btn-danger-solid" : "btn-primary"}`}, yes);
    dialog.append(element("div", {class: "actions"}, cancel, confirm));
    let answer = false;
    confirm.addEventListener("click", () => { answer = true; dialog.close(); });
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => { dialog.remove(); resolve(answer); });
    document.body.append(dialog);
    if (!dialog.showModal) { dialog.remove(); resolve(window.confirm(question)); return; }
    dialog.showModal();
    (isDanger ? cancel : confirm).focus();
  });
}
