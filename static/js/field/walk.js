// One visit on the phone: its frame and its checklist. The markup comes with the kit.
import {element} from "../dom.js";
import {itemsOf} from "./check.js";
import {drawConflicts} from "./conflicts.js";
import {findingsElsewhere, findingsOf, isAnswerWaiting, newDraft, photosOf, setAnswer} from "./draft.js";
import {FindingForm} from "./finding.js";
import {TYPING, read} from "./forms.js";
import {FinishStep, RecordStep, SignStep} from "./steps.js";
import {drawStrip} from "./strip.js";

const STEPS = {record: RecordStep, sign: SignStep, finish: FinishStep};
const write = (node, words) => { if (node && node.textContent !== String(words)) node.textContent = words; };

/** Icons from the sprite this page has: the kit may be older than it, and a file has its own inside. */
export function ownIcons(root, url) {
  for (const use of root.querySelectorAll("use")) use.setAttribute("href", `${url}#${use.getAttribute("href").split("#")[1]}`);
  return root;
}

export class VisitView {
  /** `options`: root, store, kit, draft (undefined: not begun), icons, isPacket, loginUrl, go(part), save() of the packet. */
  constructor(options) {
    const {root} = options;
    Object.assign(this, options, {visit: options.kit.visit, net: {name: "idle"}, items: new Map(), form: null, step: null, touched: new Map(), touches: 0});
    const kit = document.createElement("template");
    kit.innerHTML = this.kit.html;
    this.parts = new Map([...kit.content.querySelectorAll("template[data-part]")].map((part) => [part.dataset.part, ownIcons(part.content, this.icons)]));
    for (const list of this.kit.checklists) for (const item of list.items) this.items.set(item.id, item);
    this.root.replaceChildren(ownIcons(document.getElementById("visit-view").content.cloneNode(true), this.icons));
    this.slot = this.root.querySelector("[data-slot]");
    this.root.querySelector("[data-protected]").hidden = !this.kit.institution.is_protected;
    root.querySelector("[data-back]").hidden = this.isPacket;
    this.savedWords = this.store.isKept ? "已保存在手机" : "已记下。关闭前请点“保存检查数据”";
    this.root.addEventListener("click", (event) => {
      const link = event.target.closest("[data-go]");
      if (!link) return;
      event.preventDefault();
      this.go(link.dataset.go);
    });
  }

  get isJoint() { return (this.draft?.record.kind ?? this.kit.state?.kind) === "joint"; }

  part(name) { return this.parts.get(name).cloneNode(true); }

  /** Shows one step of the visit; before it has begun, only its beginning. */
  async show(name) {
    await this.form?.leave();
    if (!this.draft) return this.showOpening();
    if (this.draft.is_finished || this.draft.delivered_at) name = "finish";
    this.shown = name;
    if (name === "walk") {
      this.walk ??= this.drawWalk();
      this.slot.replaceChildren(this.walk);
      this.step = null;
    } else {
      this.step = new STEPS[name](this);
      this.slot.replaceChildren(this.step.node);
    }
    for (const link of this.root.querySelectorAll("[data-steps] a")) {
      if (link.dataset.go === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.update();
  }

  // --- the beginning -------------------------------------------------------------------------------------------

  showOpening() {
    const {kit} = this;
    this.drawHead();
    const isLate = new Date() > new Date(kit.use_until);
    if (isLate) {
      this.slot.replaceChildren(element("div", {class: "alert alert-warning"}, element("div", {}, element("strong", {}, "这个检查包已经过期"), element("p", {}, "检查表和机构情况可能已经变了。请在有信号时重新带到手机，再开始检查。"))));
    } else if (kit.state) {
      const begin = element("button", {type: "button", class: "btn btn-primary btn-block"}, kit.state.status === "planned" ? "到场签到，开始检查" : "继续这次检查");
      begin.addEventListener("click", () => this.begin({}));
      this.slot.replaceChildren(element("section", {class: "card"}, element("div", {class: "card-body"}, begin)));
    } else {
      const opening = this.part("open");
      const form = opening.querySelector("form");
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const {checklist, ...facts} = read(form);
        this.begin({...facts, checklist: checklist ? Number(checklist) : null});
      });
      this.slot.replaceChildren(opening);
    }
  }

  async begin(record) {
    const draft = newDraft(this.kit, {person_in_charge: this.kit.institution.responsible_person, ...record}, new Date().toISOString());
    this.draft = await this.store.begin(draft);
    this.go("walk");
    await this.show("walk");
  }

  // --- the walk --------------------------------------------------------------------------------------------------

  drawWalk() {
    const walk = element("div", {class: "stack"});
    walk.append(this.part("walk"));
    const asked = new Set(itemsOf(this.draft, this.kit).map(({id}) => String(id)));
    for (const item of walk.querySelectorAll("[data-item]")) if (!asked.has(item.dataset.item)) item.remove();
    for (const section of walk.querySelectorAll("[data-section]")) if (!section.querySelector("[data-item]")) section.remove();
    for (const list of walk.querySelectorAll("[data-checklist]")) if (!list.children.length) list.remove();
    if (!this.isJoint) for (const chip of walk.querySelectorAll("[data-joint]")) chip.remove();
    walk.prepend(this.drawJumps(walk));
    this.rows = new Map([...walk.querySelectorAll("[data-item]")].map((row) => [Number(row.dataset.item), row]));
    for (const [id, row] of this.rows) this.fillAnswer(id, row);
    // What is being entered here is not drawn over by what is read meanwhile.
    const touch = ({target}) => {
      const row = /^(answer|note)-/.test(target.name ?? "") ? target.closest("[data-item]") : null;
      if (row) this.touched.set(Number(row.dataset.item), (this.touches += 1));
      return row;
    };
    // Arrow keys pass over 否 on their way: only a finger or a mouse opens the form at once.
    walk.addEventListener("pointerdown", ({target}) => { this.pressed = target.closest(".answers"); });
    walk.addEventListener("keydown", () => { this.pressed = null; });
    walk.addEventListener("change", (event) => { const row = touch(event); if (row) this.answer(row); });
    walk.addEventListener("input", (event) => {
      const row = touch(event);
      clearTimeout(this.typing);
      if (row) this.typing = setTimeout(() => this.answer(row), TYPING);
    });
    walk.addEventListener("click", ({target}) => {
      const place = target.closest("[data-item], [data-free]");
      if (target.closest("[data-find]")) this.open(place, {item: Number(place.dataset.item) || null});
      const row = target.closest("[data-finding]");
      if (row && target.closest("button")) this.open(place, {uid: row.dataset.finding, item: Number(place.dataset.item) || null});
    });
    return walk;
  }

  /** The parts of the checklist; pressed, a part comes into sight. */
  drawJumps(walk) {
    const list = element("ul", {});
    for (const section of walk.querySelectorAll("section")) {
      const words = section.dataset.section ?? "其他问题";
      const link = element("a", {href: "#"}, words, " ", element("span", {class: "count"}));
      link.addEventListener("click", (event) => {
        event.preventDefault();
        section.scrollIntoView();
        section.querySelector("input, button")?.focus({preventScroll: true});
      });
      list.append(element("li", {}, link));
    }
    return element("nav", {class: "tabs walk-tabs", "aria-label": "检查分类"}, list);
  }

  fillAnswer(id, row) {
    const answer = this.draft.answers[id];
    for (const radio of row.querySelectorAll(`[name="answer-${id}"]`)) radio.checked = radio.value === answer?.value;
    row.querySelector(`[name="note-${id}"]`).value = answer?.note ?? "";
  }

  say(row, words, isBad = false) {
    const state = row.querySelector("[data-state]");
    write(state, words);
    state.classList.toggle("is-bad", isBad);
  }

  /** Saves one item as it stands on the page. */
  async answer(row) {
    clearTimeout(this.typing);
    const id = Number(row.dataset.item);
    const value = row.querySelector(`[name="answer-${id}"]:checked`)?.value ?? "";
    const note = row.querySelector(`[name="note-${id}"]`).value;
    const hasFinding = findingsOf(this.draft, id).length || findingsElsewhere(this.draft).some(({item}) => item === id);
    const touch = this.touched.get(id);
    if (value !== "no" && hasFinding) {
      this.touched.delete(id);
      this.fillAnswer(id, row);
      return this.say(row, "这一项已经记录了问题。要改答案，请先删除问题。", true);
    }
    this.say(row, "正在保存…");
    try {
      await this.store.change(this.visit, (draft) => setAnswer(draft, id, {value, note}));
    } catch (error) {
      console.error(error);
      return this.say(row, "没有保存：手机的存储空间不够。请删掉一些东西后再试。", true);
    }
    if (this.touched.get(id) === touch) this.touched.delete(id);
    await this.refresh();
    if (value === "no" && !hasFinding && !this.form && row.contains(this.pressed)) this.open(row, {item: id});
    return undefined;
  }

  async open(place, which) {
    await this.form?.leave();
    this.form = new FindingForm(this, place, which);
    place.classList.add("is-open");
  }

  formClosed(form) {
    if (this.form === form) this.form = null;
    form.place.classList.remove("is-open");
    this.update();
    form.place.querySelector("[data-find]")?.focus({preventScroll: true});
  }

  // --- what is shown follows the draft -------------------------------------------------------------------------------

  /** After a change, here or in another tab. */
  async refresh() {
    const draft = await this.store.draft(this.visit);
    if (!draft && !this.draft) return;
    if (!draft) { this.go(""); return; } // deleted in another tab
    const wasDone = this.draft?.is_finished || this.draft?.delivered_at;
    this.draft = draft;
    if (!this.shown || Boolean(draft.is_finished || draft.delivered_at) !== Boolean(wasDone)) await this.show(this.shown ?? "walk");
    else this.update();
  }

  drawHead() {
    const {draft, kit, root} = this;
    const kind = kit.kinds.find(({value}) => value === (draft?.record.kind ?? kit.state?.kind))?.name;
    const tag = !draft ? ["还没有开始", "tag-amber"] : draft.delivered_at ? ["已送达", "tag-green"] : draft.is_finished ? [this.isPacket ? "已完成" : "已完成，等待送达", "tag-violet"] : ["检查中", "tag-blue"];
    write(root.querySelector("[data-tag]"), tag[0]);
    root.querySelector("[data-tag]").className = `tag ${tag[1]}`;
    root.querySelector("[data-unannounced]").hidden = !draft?.record.is_unannounced;
    write(root.querySelector("[data-name]"), kit.institution.name);
    const since = draft?.record.checked_in_at ? `${moment(draft.record.checked_in_at)} 签到` : kit.institution.county;
    write(root.querySelector("[data-kind]"), kind ?? "检查");
    write(root.querySelector("[data-lead]"), [kind, since, kit.institution.kind_name].filter(Boolean).join(" · "));
  }

  update() {
    const {draft, root} = this;
    if (!draft) return;
    this.drawHead();
    const isDone = Boolean(draft.is_finished || draft.delivered_at);
    root.querySelector("[data-walk]").hidden = isDone || this.shown !== "walk";
    root.querySelector("[data-steps]").hidden = isDone;
    this.drawNet();
    drawConflicts(this);
    if (this.walk && !isDone) this.updateWalk();
    this.form?.update();
    this.step?.update();
  }

  /** What the sender does, without reading the draft again. */
  drawNet(net = this.net) {
    this.net = net;
    const strip = this.root.querySelector("[data-strip]");
    if (!this.draft) return;
    strip.hidden = this.isPacket;
    if (!this.isPacket) drawStrip(strip, this);
    this.form?.update();
  }

  updateWalk() {
    const {draft, root} = this;
    let answered = 0;
    for (const [id, row] of this.rows) {
      const answer = draft.answers[id];
      if (answer?.value) answered += 1;
      if (!this.touched.has(id)) this.fillAnswer(id, row);
      if (draft.conflicts[`answer-${id}`]) this.say(row, "两个人填得不一样，请在本页上方选一份。", true);
      else if (answer?.trouble) this.say(row, `没有送到：${answer.trouble}`, true);
      else if (answer?.value) this.say(row, this.isPacket || isAnswerWaiting(answer) ? this.savedWords : "已送达系统");
      this.drawFindings(row, id);
    }
    this.drawFindings(this.walk.querySelector("[data-free]"), null);
    for (const section of this.walk.querySelectorAll("[data-section]")) {
      const ids = [...section.querySelectorAll("[data-item]")].map((row) => row.dataset.item);
      write(section.querySelector("[data-section-count]"), `${ids.filter((id) => draft.answers[id]?.value).length} / ${ids.length}`);
    }
    const bar = root.querySelector("[data-walk]");
    write(bar.querySelector("[data-answered]"), answered);
    write(bar.querySelector("[data-total]"), this.rows.size);
    write(bar.querySelector("[data-findings]"), Object.keys(draft.findings).length + findingsElsewhere(draft).length);
    Object.assign(bar.querySelector("progress"), {max: this.rows.size || 1, value: answered});
  }

  drawFindings(place, item) {
    const list = place.querySelector("[data-found]");
    const mine = findingsOf(this.draft, item);
    const others = findingsElsewhere(this.draft).filter((finding) => finding.item === item);
    const shown = JSON.stringify([mine.map((f) => [f.uid, f.description, f.location, f.is_ready, f.trouble, f.sent && 1, photosOf(this.draft, f.uid).length]), others.map((f) => f.uid)]);
    if (list.dataset.shown !== shown) list.replaceChildren(...mine.map((finding) => this.findingRow(finding)), ...others.map((finding) => this.findingRow(finding, true)));
    list.dataset.shown = shown;
    list.hidden = !mine.length && !others.length;
    const find = place.querySelector("[data-find]");
    if (item) { write(find, list.hidden ? "记录问题" : "还有一个问题"); find.classList.toggle("btn-danger", list.hidden); }
  }

  findingRow(finding, isElsewhere = false) {
    const name = finding.description || "没有写完的问题";
    const state = isElsewhere ? "已在系统中，请在网页上修改" : finding.trouble ? `没有送到：${finding.trouble}` : finding.is_ready ? "" : "还没有填完";
    const words = [finding.location, isElsewhere ? "" : `照片 ${photosOf(this.draft, finding.uid).length}`, state].filter(Boolean).join(" · ");
    const title = isElsewhere ? element("b", {}, name) : element("button", {type: "button", class: "btn-link"}, name);
    const major = finding.severity === "major" ? element("span", {class: "chip chip-major"}, "重大") : null;
    return element("li", isElsewhere ? {} : {"data-finding": finding.uid}, element("div", {class: "row-main"}, title, element("span", {class: `sub${finding.trouble ? " is-bad" : ""}`}, words)), element("div", {class: "row-side"}, major));
  }
}

/** 11月21日 16:05, by the phone's clock. */
export function moment(iso) {
  const at = new Date(iso);
  return `${at.getMonth() + 1}月${at.getDate()}日 ${at.toTimeString().slice(0, 5)}`;
}
