// Forms: ask before what cannot be undone, send once, show names of chosen files, lead to the first error.
import {ask, resubmit} from "./dom.js";

const agreed = new WeakSet();
const words = new WeakMap(); // what a button said before 正在提交

function confirmFirst(event) {
  const form = event.target;
  if (!form.dataset.confirm || agreed.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const {submitter} = event;
  ask({
    question: form.dataset.confirm,
    note: form.dataset.confirmNote,
    yes: submitter?.textContent.trim() || "确定",
    isDanger: Boolean(submitter?.matches(".btn-danger, .btn-danger-solid")),
  }).then((isSure) => {
    if (!isSure) return;
    agreed.add(form);
    resubmit(form, submitter);
  });
}

const buttonsOf = (form) => form.querySelectorAll("button:not([type=button]), input[type=submit]");

export function lock(form, submitter) {
  form.setAttribute("aria-busy", "true");
  for (const button of buttonsOf(form)) button.setAttribute("aria-disabled", "true");
  const button = submitter ?? buttonsOf(form)[0];
  if (!button || button.matches(".menu-item, .header-btn") || words.has(button)) return;
  words.set(button, [...button.childNodes]);
  button.textContent = "正在提交…";
}

export function unlock(form) {
  form.removeAttribute("aria-busy");
  for (const button of buttonsOf(form)) {
    button.removeAttribute("aria-disabled");
    if (words.has(button)) button.replaceChildren(...words.get(button));
    words.delete(button);
  }
}

function sendOnce(event) {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  // After the other listeners: one of them may still stop this submit, and htmx sends its own.
  setTimeout(() => {
    if (event.defaultPrevented) return;
    lock(form, event.submitter);
    setTimeout(() => unlock(form), 30000);
  });
}

/** Puts the cursor on the error summary, or on a panel that asks for it. */
export function leadToErrors(root = document) {
  const summary = root.querySelector("[data-focus]");
  if (!summary) return;
  summary.closest("details")?.setAttribute("open", "");
  summary.focus({preventScroll: true});
  summary.scrollIntoView({block: "center"});
}

function focusFieldOf(event) {
  const link = event.target.closest(".error-summary a[href^='#']");
  const target = link && document.getElementById(link.hash.slice(1));
  if (!target) return;
  event.preventDefault();
  const field = target.matches("input, select, textarea") ? target : target.querySelector("input:not([type=hidden]), select, textarea, button");
  target.closest(".field")?.scrollIntoView({block: "center"});
  (field ?? target).focus({preventScroll: true});
}

function nameChosen(event) {
  const input = event.target;
  if (input.type !== "file") return;
  const note = input.closest(".field, .evidence-buttons, form")?.querySelector("[data-file-chosen]");
  if (note) note.textContent = [...input.files].map((file) => file.name).join("、");
}

async function copy(event) {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  source.select?.();
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    button.textContent = "已复制";
  } catch {
    button.textContent = "请按住文字复制"; // the clipboard needs HTTPS
  }
}

export function careForForms() {
  document.addEventListener("submit", sendOnce, true);
  document.addEventListener("submit", confirmFirst, true);
  document.addEventListener("click", focusFieldOf);
  document.addEventListener("click", copy);
  document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
  document.addEventListener("change", nameChosen);
  document.addEventListener("htmx:before:request", ({detail: {ctx}}) => {
    if (ctx.request.method === "POST" && ctx.request.form) lock(ctx.request.form, ctx.request.submitter);
  });
  document.addEventListener("htmx:finally:request", ({detail: {ctx}}) => {
    if (ctx.request.form) unlock(ctx.request.form);
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[aria-busy]").forEach(unlock);
  });
  leadToErrors();
}
