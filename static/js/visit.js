// The walk: every answer is saved the moment it is given. Without this file each domain has a button of its own.
import {csrfToken, refreshToken, sayExpired} from "./session.js";
import {careForPad} from "./sign.js";

const LAST_DELAY = 30000; // ms

const bar = document.querySelector("[data-walk]");
const waiting = new Map(); // item id → tries so far

const itemOf = (node) => node.closest?.("[data-item]");
const input = (item, name) => item.querySelector(`[name="${name}-${item.dataset.item}"]`);

function say(item, words, isBad = false) {
  const state = item.querySelector("[data-state]");
  state.textContent = words;
  state.classList.toggle("is-bad", isBad);
}

function showProgress({answered, findings}) {
  bar.querySelector("[data-answered]").textContent = answered;
  bar.querySelector("[data-findings]").textContent = findings;
  bar.querySelector("progress").value = answered;
}

function countSections() {
  for (const count of document.querySelectorAll("[data-section-count]")) {
    const items = [...count.closest("section").querySelectorAll("[data-item]")];
    count.textContent = `${items.filter((item) => item.querySelector("[name^=answer-]:checked")).length} / ${items.length}`;
  }
}

async function post(item) {
  const id = item.dataset.item;
  const body = new FormData();
  body.set(`answer-${id}`, item.querySelector("[name^=answer-]:checked").value);
  body.set(`note-${id}`, input(item, "note").value);
  body.set(`revision-${id}`, input(item, "revision").value);
  const headers = {"X-CSRFToken": csrfToken(), Accept: "application/json"};
  const response = await fetch(bar.dataset.answersUrl, {method: "POST", body, headers});
  return {status: response.status, json: await response.json().catch(() => null)};
}

/** One request at a time for each item; what changed meanwhile is sent after it. */
async function save(item) {
  if (item.dataset.busy) { item.dataset.again = "1"; return; }
  item.dataset.busy = "1";
  delete item.dataset.again;
  say(item, "正在保存…");
  let answer;
  try {
    answer = await post(item);
    if (answer.status === 403 && (await refreshToken())) answer = await post(item);
  } catch {
    answer = {status: 0};
  }
  delete item.dataset.busy;
  settle(item, answer);
  if (item.dataset.again) save(item);
}

function settle(item, {status, json}) {
  const id = item.dataset.item;
  if (json?.saved) showProgress(json);
  if (status === 200 && json) {
    waiting.delete(id);
    input(item, "revision").value = json.saved[id].revision;
    say(item, "已保存");
    countSections();
    openFinding(item);
  } else if (status === 409 && json?.errors) {
    if (json.theirs[id]) take(item, json.theirs[id]);
    say(item, json.errors.join(" "), true);
  } else if (status === 401) {
    sayExpired();
    say(item, "没有保存：登录已过期。登录后会自动保存。", true);
    waiting.set(id, 0);
  } else if (status === 0 || status >= 500 || status === 409) {
    const tries = (waiting.get(id) ?? 0) + 1;
    waiting.set(id, tries);
    say(item, "网络不通，还没有保存，会自动再试。请不要关闭本页。", true);
    setTimeout(() => waiting.has(id) && save(item), Math.min(1000 * 2 ** (tries - 1), LAST_DELAY));
  } else {
    say(item, "没有保存，请刷新页面后再试。", true);
  }
}

/** What another inspector answered stands; giving one's own again replaces it, knowingly. */
function take(item, theirs) {
  input(item, "revision").value = theirs.revision;
  const radio = item.querySelector(`[name^=answer-][value="${theirs.value}"]`);
  if (radio) radio.checked = true;
}

function openFinding(item) {
  const isNo = item.querySelector("[name^=answer-]:checked")?.value === "no";
  if (isNo && !item.querySelector(".rows, form")) item.querySelector("[data-find]")?.click();
}

function retryAll() {
  for (const id of waiting.keys()) {
    const item = document.querySelector(`[data-item="${id}"]`);
    if (item) save(item);
  }
}

function usePhrase(event) {
  const link = event.target.closest("[data-phrase]");
  if (!link) return;
  event.preventDefault();
  const area = link.closest("form").querySelector("textarea[name=description]");
  area.value = link.dataset.phrase;
  area.focus();
}

/** A swapped item brings the counts with it, and its form the parts its choices ask for. */
function afterSwap() {
  const item = document.querySelector("[data-item][data-answered]");
  if (item && bar) {
    showProgress(item.dataset);
    delete item.dataset.answered;
    countSections();
    const form = item.querySelector("form");
    if (form && !form.querySelector(".error-summary")) form.querySelector("textarea, input:not([type=hidden])")?.focus();
  }
  for (const radio of document.querySelectorAll(".finding-form [name=severity]:checked"))
    radio.dispatchEvent(new Event("change", {bubbles: true}));
}

document.addEventListener("click", usePhrase);
careForPad();
if (bar) {
  for (const form of document.querySelectorAll("[data-walk-save]")) form.hidden = true;
  document.addEventListener("change", ({target}) => {
    const item = itemOf(target);
    if (!item || !/^(answer|note)-/.test(target.name ?? "")) return;
    if (item.querySelector("[name^=answer-]:checked")) save(item);
  });
  document.addEventListener("htmx:after:swap", afterSwap);
  window.addEventListener("online", retryAll);
  window.addEventListener("house:logged-in", retryAll);
  window.addEventListener("beforeunload", (event) => { if (waiting.size) event.preventDefault(); });
}
