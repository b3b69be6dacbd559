// What is typed into a textarea of <form data-draft="key"> survives an error, a crash and an expired login.
// Kept on this computer only, per user, for a day; gone when the form has been accepted or on logout.
import {element} from "./dom.js";

const DAY = 24 * 3600 * 1000;
const PENDING = "draft-sent";
const prefix = () => `draft:${document.body.dataset.user}:`;
const keyOf = (form) => prefix() + form.dataset.draft;

function read(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key));
    return draft && Date.now() - draft.at < DAY ? draft : null;
  } catch {
    return null;
  }
}

const forget = (key) => localStorage.removeItem(key);

function save(form) {
  const texts = {};
  for (const area of form.querySelectorAll("textarea[name]")) if (area.value.trim()) texts[area.name] = area.value;
  try {
    if (Object.keys(texts).length) localStorage.setItem(keyOf(form), JSON.stringify({at: Date.now(), texts}));
    else forget(keyOf(form));
  } catch { /* a full or forbidden storage only costs the draft */ }
}

/** Puts kept text into empty textareas and says so beside them. */
export function restoreDrafts(root = document) {
  if (!document.body.dataset.user) return;
  for (const form of root.querySelectorAll("form[data-draft]")) {
    const draft = read(keyOf(form));
    for (const area of draft ? form.querySelectorAll("textarea[name]") : []) {
      const text = draft.texts[area.name];
      if (!text || area.value.trim()) continue;
      area.value = text;
      const drop = element("button", {type: "button", class: "btn-link"}, "不要这段文字");
      const note = element("p", {class: "draft-note", role: "status"}, "已恢复您上次没有提交的文字。", drop);
      drop.addEventListener("click", () => { area.value = ""; note.remove(); save(form); area.focus(); });
      area.after(note);
    }
  }
}

/** After a whole-page submit: the next page tells whether it was accepted. */
function settlePending() {
  const key = sessionStorage.getItem(PENDING);
  if (!key) return;
  sessionStorage.removeItem(PENDING);
  const form = [...document.querySelectorAll("form[data-draft]")].find((candidate) => keyOf(candidate) === key);
  const isRefused = "errorPage" in document.body.dataset || !document.body.dataset.user || form?.querySelector(".error-summary");
  if (!isRefused) forget(key);
}

export function keepDrafts() {
  settlePending();
  restoreDrafts();
  document.addEventListener("input", (event) => {
    const form = event.target.matches("textarea") && event.target.closest("form[data-draft]");
    if (form && document.body.dataset.user) save(form);
  });
  document.addEventListener("submit", ({target: form, defaultPrevented}) => {
    if (defaultPrevented) return;
    if (form.matches("[data-draft]")) sessionStorage.setItem(PENDING, keyOf(form));
    if (form.matches("[data-logout]"))
      for (const key of Object.keys(localStorage)) if (key.startsWith("draft:")) forget(key);
  });
  document.addEventListener("htmx:finally:request", ({detail: {ctx}}) => {
    const form = ctx.request.form;
    const isLogin = ctx.hx?.redirect?.startsWith(document.body.dataset.loginUrl);
    if (form?.matches("[data-draft]") && ctx.request.method === "POST" && ctx.response?.status < 400 && !isLogin) forget(keyOf(form));
  });
}
