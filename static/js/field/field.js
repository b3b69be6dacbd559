// The field page: what is on this phone, taking more along, and one visit at a time. Works without signal.
import {ask, element, icon, toast} from "../dom.js";
import {LAST_USER} from "../leave.js";
import {send} from "../send.js";
import {watchChoices} from "../when.js";
import {countWords, waitingOf} from "./draft.js";
import {openStore} from "./store.js";
import {drawStrip} from "./strip.js";
import {Sender} from "./sync.js";
import {moment, VisitView} from "./walk.js";
import {pack, save} from "./zip.js";

const KEEP_DELIVERED = 7 * 24 * 3600 * 1000; // ms a delivered visit stays listed
const body = document.body.dataset;
const view = document.querySelector("[data-view]");
const state = {store: null, sender: null, user: null, place: "", net: {name: "idle"}, open: null};

const template = (id) => document.getElementById(id).content.cloneNode(true);
const route = () => new URLSearchParams(location.hash.slice(1));
const go = (hash) => { location.hash = hash; };
const note = (tone, name, title, words) => element("div", {class: `alert alert-${tone}`}, icon(body.icons, name), element("div", {}, element("strong", {}, title), element("p", {}, ...[words].flat())));
const day = (iso) => moment(iso).split(" ")[0];

function remembered() {
  try { return JSON.parse(localStorage.getItem(LAST_USER)); } catch { return null; }
}

/** Who is logged in, by the server; without signal or login, whoever was here last. */
async function meet() {
  state.user = remembered();
  try {
    const {user, place} = await state.sender.ask();
    Object.assign(state, {user, place, isLoggedIn: true});
    localStorage.setItem(LAST_USER, JSON.stringify(user));
    if ("serviceWorker" in navigator) navigator.serviceWorker.register(body.workerUrl, {scope: "/"}).catch((error) => console.warn(error));
    navigator.storage?.persist?.();
  } catch (away) {
    state.isLoggedIn = false;
    hearNet({name: away.state, words: away.message});
  }
}

// --- taking along ---------------------------------------------------------------------------------------------------

/** A newer kit takes the place of one for the same house that was never used. */
async function keep(kit) {
  await state.store.keep(kit);
  for (const old of await state.store.kits()) {
    const isSame = old.packet !== kit.packet && old.institution.id === kit.institution.id && !old.state && !kit.state;
    if (isSame && old.me.id === kit.me.id && !(await state.store.draft(old.visit))) await state.store.forget(old.visit);
  }
}

async function take(wanted) {
  history.replaceState(null, "", location.pathname);
  if (!state.isLoggedIn) await meet();
  if (!state.isLoggedIn) { await showList(); return toast("请先登录并保持有信号，再把机构带到手机。", "warning"); }
  const isNumber = /^\d+$/;
  for (const [index, id] of wanted.entries()) {
    view.replaceChildren(note("info", "download", `正在带到手机（${index + 1} / ${wanted.length}）`, "请保持有信号，不要关闭本页。"));
    const asked = JSON.stringify(isNumber.test(id) ? {institution: Number(id)} : {visit: id});
    const {status, json} = await send(body.prepareUrl, asked, state.sender.session.csrf, () => {}, {}, {headers: {"Content-Type": "application/json"}});
    if (status === 201) await keep(json);
    else toast(json?.error ?? "没有带上：网络不通，请在有信号的地方再试。", "danger");
  }
  await showList();
  return undefined;
}

// --- the list ---------------------------------------------------------------------------------------------------------

function warnings(others) {
  const found = [];
  if (!window.isSecureContext) found.push(note("warning", "alert-triangle", "这个网址不是 https，没有信号时打不开本页", ["内容仍然会保存在手机里，但请保持本页打开，不要关闭。", element("a", {href: "#check"}, "查看原因和办法")]));
  if (!state.store.isKept) found.push(note("danger", "alert-triangle", "这个浏览器不能保存内容", "关闭本页后，填写的内容会丢失。请换用手机自带的浏览器，或关闭“无痕浏览”。"));
  if (!state.user) found.push(note("warning", "login", "还没有登录", [element("a", {href: body.loginUrl + `?next=${location.pathname}`}, "登录"), "以后，可以把要去的机构带到手机。"]));
  else if (state.net.name === "login") found.push(note("warning", "login", "登录已过期，手机里的内容都在", ["可以接着检查；", element("a", {href: body.loginUrl, target: "_blank", rel: "noopener"}, "登录"), "后回到本页，会自动发送。"]));
  else if (state.net.name === "refused") found.push(note("danger", "alert-triangle", "系统没有接受", state.net.words));
  if (others) found.push(note("info", "lock", `手机里还有 ${others} 次别人的检查`, "只有本人登录后才能查看和发送。"));
  return found;
}

async function showList() {
  state.open = null;
  view.replaceChildren(template("list-view"));
  await drawList();
}

async function drawList() {
  const [kits, drafts] = [await state.store.kits(), await state.store.drafts()];
  const visits = new Map([...kits.map((kit) => [kit.visit, {kit}])]);
  for (const draft of drafts) visits.set(draft.visit, {...visits.get(draft.visit), draft});
  const all = [...visits.values()];
  const owner = ({kit, draft}) => draft?.user ?? kit.me.id;
  const mine = all.filter((one) => owner(one) === state.user?.id).sort((a, b) => when(b).localeCompare(when(a)));
  const box = view.querySelector("[data-visits]");
  if (!box) return;
  view.querySelector("[data-who]").textContent = state.user ? [state.user.name, state.place].filter(Boolean).join(" · ") : "没有信号也能检查";
  view.querySelector("[data-notes]").replaceChildren(...warnings(all.length - mine.length));
  view.querySelector("[data-none]").hidden = mine.length > 0;
  box.replaceChildren(...mine.map(visitCard));
}

const when = ({kit, draft}) => draft?.delivered_at ?? draft?.begun_at ?? kit.prepared_at;

function visitCard({kit, draft}) {
  const {visit, institution} = draft ?? kit;
  const [tag, tone] = !draft ? ["已带到手机", "amber"] : draft.delivered_at ? ["已送达", "green"] : draft.is_finished ? ["等待送达", "violet"] : ["检查中", "blue"];
  const isLate = !draft && new Date() > new Date(kit.use_until);
  const line = draft ? `${moment(draft.begun_at)} 签到` : isLate ? "已过期，请重新带到手机" : `${day(kit.use_until)}前可以开始检查`;
  const card = element("section", {class: "card", "aria-label": institution.name}, element("div", {class: "card-body"},
    element("p", {class: "labels"}, element("span", {class: `tag tag-${tone}`}, tag)),
    element("h2", {}, institution.name), element("p", {class: "sub"}, `${institution.county} · ${institution.kind_name} · ${line}`)));
  const inside = card.firstChild;
  if (draft) {
    const strip = element("div", {class: "strip"});
    drawStrip(strip, {draft, net: state.net, icons: body.icons, loginUrl: body.loginUrl});
    inside.append(strip);
  }
  const button = (words, style, act) => {
    const made = element("button", {type: "button", class: `btn ${style}`, "aria-label": `${words}：${institution.name}`}, words);
    made.addEventListener("click", act);
    return made;
  };
  const actions = element("div", {class: "actions"});
  if (!draft?.delivered_at && !isLate) actions.append(button(draft ? "继续检查" : "开始检查", "btn-primary", () => go(`visit=${visit}`)));
  if (draft?.trouble) actions.append(button("再试一次", "", () => retry(visit)));
  if (draft && kit && !draft.delivered_at) actions.append(button("导出到文件", "", () => exportDraft(kit)));
  actions.append(button(draft?.delivered_at ? "从手机移除" : "删除", draft?.delivered_at ? "" : "btn-danger", () => remove(visit, institution, draft)));
  inside.append(actions);
  return card;
}

async function retry(visit) {
  await state.store.change(visit, (draft) => {
    draft.trouble = "";
    for (const rows of [draft.answers, draft.findings, draft.photos, draft.signatures]) for (const row of Object.values(rows)) row.trouble = "";
  });
  state.sender.now();
}

async function exportDraft(kit) {
  try {
    save(await pack(state.store, kit));
    toast("已导出。请把文件拷到能上内网的电脑，登录系统后在“离线检查包”中上传。手机里的内容仍然保留。", "success");
  } catch (error) {
    console.error(error);
    toast("没有导出：有照片读不出来，请在检查中移除后再试。", "danger");
  }
}

async function remove(visit, institution, draft) {
  const words = draft && !draft.delivered_at ? countWords(waitingOf(draft)) : "";
  const note = words ? `还没有送达系统的：${words}。删除后找不回来，建议先“导出到文件”。` : "系统中的内容不受影响。";
  if (!(await ask({question: `从手机删除“${institution.name}”？`, note, yes: "删除", isDanger: true}))) return;
  await state.store.forget(visit);
}

// --- one visit -----------------------------------------------------------------------------------------------------------

async function showVisit(visit, part) {
  if (state.open?.visit === visit) return state.open.show(part);
  const [kit, draft] = [await state.store.kitOf(visit), await state.store.draft(visit)];
  const owner = draft?.user ?? kit?.me.id;
  if (!kit || draft?.delivered_at || owner !== state.user?.id) { state.open = null; return go(""); }
  state.open = new VisitView({
    root: view, store: state.store, kit, draft, icons: body.icons, loginUrl: body.loginUrl, isPacket: false,
    go: (to) => go(to ? `visit=${visit}&part=${to}` : ""),
  });
  state.open.net = state.net;
  return state.open.show(part);
}

async function follow() {
  const wanted = route();
  if (wanted.get("take")) return take(wanted.get("take").split(",").filter(Boolean));
  window.scrollTo(0, 0);
  if (wanted.get("visit")) return showVisit(wanted.get("visit"), wanted.get("part") ?? "walk");
  state.open = null;
  if (wanted.has("check")) {
    view.replaceChildren(template("check-view"));
    const {checkDevice} = await import(body.deviceScript);
    return checkDevice(view.querySelector("[data-checks]"), {icons: body.icons, store: state.store, workerUrl: body.workerUrl});
  }
  return showList();
}

function hearNet(net) {
  state.net = net;
  if (state.open) state.open.drawNet(net);
  else soonDrawList();
}

let drawing = null;
/** The list follows changes, but not every percent of a photo. */
function soonDrawList() {
  drawing ??= setTimeout(() => { drawing = null; if (!state.open && state.store) drawList(); }, 300);
}

async function tidy() {
  for (const draft of await state.store.drafts())
    if (draft.delivered_at && Date.now() - new Date(draft.delivered_at) > KEEP_DELIVERED) await state.store.forget(draft.visit);
  for (const kit of await state.store.kits())
    if (new Date() > new Date(kit.send_until) && !(await state.store.draft(kit.visit))) await state.store.forget(kit.visit);
}

async function start() {
  document.documentElement.dataset.size = localStorage.getItem("size") ?? "normal"; // 大字版, as the web pages left it
  state.store = await openStore();
  const visits = body.visitUrl.replace(/[^/]+\/$/, "");
  state.sender = new Sender({store: state.store, urls: {session: body.sessionUrl, visits}, onState: hearNet});
  state.store.onChange((visit) => {
    if (state.open?.visit === visit) state.open.refresh();
    else soonDrawList();
  });
  watchChoices();
  await meet();
  await tidy();
  window.addEventListener("hashchange", follow);
  // Logged in again in another window: this page knows it when it is looked at.
  window.addEventListener("focus", async () => { if (!state.isLoggedIn) { await meet(); soonDrawList(); state.sender.now(); } });
  await follow();
  state.sender.run();
}

start();
