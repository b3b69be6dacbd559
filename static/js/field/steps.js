// After the walk: the record, the signatures, the finish.
import {element} from "../dom.js";
import {uuid} from "../picture.js";
import {drawable} from "../sign.js";
import {itemsOf, lacksOf} from "./check.js";
import {findingsElsewhere, setSignature} from "./draft.js";
import {FULL, TYPING, fill, read, showErrors} from "./forms.js";

const IN_CHARGE = "in_charge";

/** The names of those who inspect. */
const people = (view) => {
  const names = new Map([view.kit.me, ...view.kit.colleagues].map(({id, name}) => [id, name]));
  return [view.kit.me.id, ...view.draft.record.inspectors].map((id) => names.get(id) ?? "其他人员");
};

/** Whoever inspects, and the person in charge, as the form offers them. */
const offered = (view) => [view.kit.me.id, ...view.draft.record.inspectors].map(String).concat(IN_CHARGE);

export class RecordStep {
  constructor(view) {
    Object.assign(this, {view, touched: new Map(), touches: 0});
    this.node = view.part("record").firstElementChild;
    this.form = this.node.querySelector("form");
    this.saved = this.node.querySelector("[data-saved]");
    // The person who holds the phone inspects, whatever is ticked.
    this.form.querySelector(`[name=inspectors][value="${view.kit.me.id}"]`)?.closest(".choice").remove();
    fill(this.form, view.draft.record);
    const touch = ({target}) => { if (target.name) this.touched.set(target.name, (this.touches += 1)); };
    this.form.addEventListener("input", (event) => {
      touch(event);
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.save(), TYPING);
    });
    this.form.addEventListener("change", (event) => { touch(event); if (event.isTrusted) this.save(); });
    this.form.addEventListener("submit", async (event) => {
      event.preventDefault();
      await this.save();
      view.go("sign");
    });
  }

  /** Only what was entered here: another tab may be writing another field. */
  async save() {
    clearTimeout(this.typing);
    const touched = [...this.touched];
    const entered = read(this.form);
    try {
      await this.view.store.change(this.view.visit, (draft) => {
        for (const [name] of touched) draft.record[name] = entered[name];
        draft.record_trouble = "";
      });
      for (const [name, touch] of touched) if (this.touched.get(name) === touch) this.touched.delete(name);
      this.say(this.view.savedWords);
      await this.view.refresh();
    } catch (error) {
      console.error(error);
      this.say(FULL, true);
    }
  }

  say(words, isBad = false) {
    this.saved.textContent = words;
    this.saved.classList.toggle("is-bad", isBad);
  }

  update() {
    const {record, record_trouble: trouble} = this.view.draft;
    fill(this.form, Object.fromEntries(Object.entries(record).filter(([name]) => !this.touched.has(name))));
    if (trouble) this.say(`没有送到：${trouble}`, true);
  }
}

export class SignStep {
  constructor(view) {
    this.view = view;
    this.node = view.part("sign").firstElementChild;
    this.form = this.node.querySelector("form");
    for (const radio of this.form.querySelectorAll("[name=who]")) if (!offered(view).includes(radio.value)) radio.closest(".choice").remove();
    this.pad = drawable(this.form.querySelector("[data-sign-pad]"));
    this.choose();
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.save(); });
  }

  /** Whoever has not signed yet is next. */
  choose() {
    const {draft, kit} = this.view;
    const signed = new Set(Object.values(draft.signatures).map(({who}) => who));
    const next = offered(this.view).find((who) => !signed.has(who)) ?? IN_CHARGE;
    fill(this.form, {who: next, name: draft.record.person_in_charge || kit.institution.responsible_person, refusal_reason: ""});
    this.pad.clear();
  }

  async save() {
    const {who, name, refusal_reason: reason} = read(this.form);
    const image = this.pad.read();
    const isInCharge = who === IN_CHARGE;
    const errors = {};
    if (isInCharge && !name.trim()) errors.name = "请填写负责人姓名。";
    if (!image && !(isInCharge && reason.trim())) errors[isInCharge ? "refusal_reason" : "who"] = isInCharge ? "请先签名；负责人没有签名的，请写明原因。" : "请先签名。";
    showErrors(this.form, errors);
    if (Object.keys(errors).length) return;
    const signature = {id: uuid(), who, name: isInCharge ? name.trim() : "", ...(image ? {image, signed_at: new Date().toISOString()} : {refusal_reason: reason.trim()})};
    await this.view.store.change(this.view.visit, (draft) => {
      setSignature(draft, signature);
      if (isInCharge) draft.record.person_in_charge = name.trim();
    });
    await this.view.refresh();
    this.choose();
    this.node.scrollIntoView({block: "start"});
  }

  update() {
    const {draft, isPacket} = this.view;
    const list = this.node.querySelector("[data-signatures]");
    const rows = Object.values(draft.signatures);
    list.hidden = !rows.length;
    list.replaceChildren(...rows.map(({who, name, image, refusal_reason: reason, is_sent: isSent, trouble}) => {
      const called = who === IN_CHARGE ? `被检查单位负责人 ${name}` : `检查人员 ${people(this.view)[offered(this.view).indexOf(who)] ?? ""}`;
      const state = trouble ? `没有送到：${trouble}` : isSent ? "已送达系统" : isPacket ? this.view.savedWords : "只在这部手机上";
      return element("li", {}, image ? element("img", {src: image, alt: `${called}的签名`, width: 180, height: 66}) : element("b", {}, "没有在屏幕上签名"),
        element("span", {}, called), reason ? element("span", {}, reason) : null, element("span", {class: "sub"}, state));
    }));
  }
}

export class FinishStep {
  constructor(view) {
    this.view = view;
    this.node = element("div", {class: "stack"});
    this.node.append(document.getElementById("finish-view").content.cloneNode(true));
    this.button = this.node.querySelector("[data-finish] button");
    this.button.textContent = view.isPacket ? "检查完了，保存检查数据" : "完成检查";
    this.button.addEventListener("click", () => this.finish());
    this.node.querySelector("[data-back]").hidden = view.isPacket;
    this.node.querySelector("[data-reopen]").addEventListener("click", () => this.reopen());
  }

  async finish() {
    if (lacksOf(this.view.draft, this.view.kit).length) {
      this.node.querySelector("[data-lacks]").scrollIntoView({block: "center"});
      this.node.querySelector("[data-lacks] a")?.focus({preventScroll: true});
      return;
    }
    await this.view.store.change(this.view.visit, (draft) => { Object.assign(draft, {is_finished: true, lacks: []}); });
    await this.view.refresh();
    if (this.view.isPacket) await this.view.save();
  }

  async reopen() {
    await this.view.store.change(this.view.visit, (draft) => { draft.is_finished = false; });
    await this.view.refresh();
  }

  update() {
    const {draft, kit, isPacket} = this.view;
    const isDone = Boolean(draft.is_finished || draft.delivered_at);
    const lacks = isDone || draft.delivered_at ? [] : [...lacksOf(draft, kit), ...draft.lacks.map((words) => ({words, part: "walk"}))];
    for (const part of this.node.querySelectorAll("section, [data-finish]")) part.hidden = isDone;
    this.drawLacks(lacks);
    this.drawDone(isDone, isPacket);
    if (isDone) return;
    const values = itemsOf(draft, kit).map(({id}) => draft.answers[id]?.value).filter(Boolean);
    const count = (value) => values.filter((one) => one === value).length;
    const total = itemsOf(draft, kit).length;
    const write = (name, words) => { this.node.querySelector(`[data-${name}]`).textContent = words; };
    write("answers", `共检查 ${values.length} 项：符合 ${count("yes")} 项，不符合 ${count("no")} 项，不涉及 ${count("not_applicable")} 项。${values.length < total ? `还有 ${total - values.length} 项没有查。` : ""}`);
    write("people", people(this.view).join("、"));
    write("signed", `${Object.keys(draft.signatures).length} 人`);
    const findings = [...Object.values(draft.findings), ...findingsElsewhere(draft)];
    this.node.querySelector("[data-none]").hidden = findings.length > 0;
    this.node.querySelector("[data-found]").replaceChildren(...findings.map(({description, location, severity}) => element("li", {},
      element("div", {class: "row-main"}, element("b", {}, description || "没有写完的问题"), element("span", {class: "sub"}, location ?? "")),
      element("div", {class: "row-side"}, severity === "major" ? element("span", {class: "chip chip-major"}, "重大") : null))));
  }

  drawLacks(lacks) {
    const box = this.node.querySelector("[data-lacks]");
    box.hidden = !lacks.length;
    box.querySelector("h2").textContent = `还差 ${lacks.length} 件事`;
    box.querySelector("ul").replaceChildren(...lacks.map(({words, part, item, finding}) => {
      const link = element("a", {href: "#"}, words);
      link.addEventListener("click", async (event) => {
        event.preventDefault();
        event.stopPropagation();
        this.view.go(part);
        await this.view.show(part);
        const place = item ? document.getElementById(`item-${item}`) : finding ? document.getElementById("free") : null;
        place?.scrollIntoView({block: "center"});
        if (finding) await this.view.open(place, {uid: finding, item});
      });
      return element("li", {}, link);
    }));
  }

  drawDone(isDone, isPacket) {
    const box = this.node.querySelector("[data-finished]");
    const {delivered_at: at} = this.view.draft;
    box.hidden = !isDone;
    box.querySelector("h2").textContent = at ? "检查已完成，全部送达系统" : isPacket ? "检查已完成，请把数据文件带回去" : "检查已完成，正在等待送达";
    box.querySelector("p").textContent = at ? "手机里的照片已经删除，记录请到系统的“检查”中查看。"
      : isPacket ? "数据文件一般保存在手机的“下载”文件夹。回单位后，用能上内网的电脑登录系统，在“离线检查包”中上传这个文件。"
        : "有信号并保持登录时会自动发送。送到以前，请不要清除浏览器的数据。";
    box.querySelector("[data-reopen]").hidden = Boolean(at);
  }
}
