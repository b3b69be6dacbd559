// One problem, beside its item: every word and photo is kept as it is entered, sent when the person says it is complete.
import {ask, element} from "../dom.js";
import {photoButtons, photoCard} from "../photo_list.js";
import {shrink, uuid} from "../picture.js";
import {dayAfter, findingErrors} from "./check.js";
import {photosOf, removeFinding, setAnswer} from "./draft.js";
import {FULL, TYPING, fill, read, showErrors} from "./forms.js";
import {hashOf} from "./hash.js";
import {photoState} from "./strip.js";

/** The photos of one stage of a finding. */
class Photos {
  constructor(owner, fieldset) {
    Object.assign(this, {owner, fieldset, stage: fieldset.dataset.stage, list: fieldset.querySelector("[data-evidence-list]"), cards: new Map()});
    this.max = Number(fieldset.dataset.max);
    this.status = fieldset.querySelector("[data-evidence-status]");
    this.busy = Promise.resolve();
    fieldset.dataset.icons = owner.view.icons;
    photoButtons(fieldset, (files) => this.add(files));
    this.update();
  }

  add(files) {
    const room = this.max - this.list.children.length;
    if (files.length > room) this.status.textContent = `每处最多 ${this.max} 张，多出的没有添加。`;
    for (const file of files.slice(0, room)) {
      const card = photoCard(file.name || "照片", file.type, this.owner.view.icons);
      card.bar.hidden = true;
      card.words.textContent = "处理中";
      this.list.append(card.li);
      this.busy = this.busy.then(() => this.keep(file, card)); // one after the other: a phone has little memory
    }
  }

  /** Made small, hashed and on the disk; only then does it count as taken. */
  async keep(file, card) {
    const {owner} = this;
    try {
      const blob = await shrink(file);
      const bytes = await blob.arrayBuffer();
      const photo = {
        id: uuid(), finding: owner.uid, stage: this.stage, name: (file.name || "照片.jpg").slice(-100), type: blob.type || "application/octet-stream",
        taken_at: new Date(file.lastModified).toISOString(), sha256: await hashOf(bytes), size: bytes.byteLength,
        is_sent: false, trouble: "", added: Date.now(),
      };
      await owner.ensure();
      await owner.view.store.change(owner.view.visit, (draft) => { draft.photos[photo.id] = photo; }, [{id: photo.id, visit: owner.view.visit, bytes, type: photo.type}]);
      this.own(card, photo, blob);
      await owner.view.refresh();
    } catch (error) {
      card.li.className = "evidence-item is-failed";
      card.words.textContent = error?.name === "QuotaExceededError" ? FULL : "没有保存，请移除后重拍";
      const remove = element("button", {type: "button"}, "移除");
      remove.addEventListener("click", () => card.li.remove());
      card.li.append(element("span", {class: "tools"}, remove));
      console.error(error);
    }
  }

  own(card, photo, blob) {
    if (/^image\/(jpeg|png|webp)/.test(photo.type)) {
      const image = element("img", {src: URL.createObjectURL(blob), alt: "", loading: "lazy"});
      image.addEventListener("load", () => URL.revokeObjectURL(image.src), {once: true});
      card.thumb.replaceChildren(image);
    }
    card.remove = element("button", {type: "button", "aria-label": `移除 ${photo.name}`}, "移除");
    card.remove.addEventListener("click", () => this.remove(photo));
    card.li.append(element("span", {class: "tools"}, card.remove));
    this.cards.set(photo.id, card);
  }

  async remove({id}) {
    await this.owner.view.store.change(this.owner.view.visit, (draft) => {
      if (draft.photos[id]?.is_sent) return []; // it has arrived meanwhile: the web page can remove it
      delete draft.photos[id];
      return [id];
    });
    await this.owner.view.refresh();
    this.fieldset.querySelector("input[type=file]")?.focus();
  }

  /** The cards follow the draft, which another tab may have changed. */
  update() {
    const {draft, net, isPacket, store} = this.owner.view;
    const photos = photosOf(draft, this.owner.uid, this.stage);
    for (const photo of photos) {
      if (!this.cards.has(photo.id)) {
        const card = photoCard(photo.name, photo.type, this.owner.view.icons);
        this.list.append(card.li);
        this.cards.set(photo.id, card);
        store.photo(photo.id).then((row) => { if (row) this.own(card, photo, new Blob([row.bytes], {type: photo.type})); });
      }
      const card = this.cards.get(photo.id);
      const [state, words] = photoState(photo, net, isPacket);
      card.li.className = `evidence-item is-${state}`;
      if (card.words.textContent !== words) card.words.textContent = words;
      card.bar.hidden = state !== "sending";
      card.bar.value = net.percent ?? 0;
      if (card.remove) card.remove.hidden = photo.is_sent || state === "sending";
    }
    for (const [id, card] of this.cards) if (!draft.photos[id]) { card.li.remove(); this.cards.delete(id); }
  }
}

export class FindingForm {
  /** Opens in `place`; `uid` of the finding to change, or null for a new one of `item` (null: of none). */
  constructor(view, place, {uid = null, item = null}) {
    Object.assign(this, {view, place, uid: uid ?? uuid(), isNew: !uid});
    this.item = item && view.items.get(item);
    this.form = view.part("finding").querySelector("form");
    this.saved = this.form.querySelector("[data-saved]");
    this.finding = view.draft.findings[uid] ?? this.blank();
    this.offer();
    place.append(this.form);
    const {judgement, ...facts} = this.finding;
    fill(this.form, facts);
    fill(this.form, judgement, "judge-");
    this.last = this.read();
    this.photos = [...this.form.querySelectorAll("[data-evidence]")].map((fieldset) => new Photos(this, fieldset));
    if (this.finding.no_photo_reason) this.form.querySelector("details").open = true;
    this.listen();
    this.form.scrollIntoView({block: "nearest"});
    if (this.isNew) this.form.querySelector("textarea").focus({preventScroll: true});
  }

  /** A new finding as the web page proposes it. */
  blank() {
    const {item} = this;
    const {kit} = this.view;
    const severity = item?.severity ?? "general";
    const firm = item?.situations.find(({is_firm}) => is_firm);
    return {
      uid: this.uid, item: item?.id ?? null, description: item?.phrases[0] ?? "", location: "", no_photo_reason: "", domain: item?.domain ?? "",
      severity, handling: kit.handlings[0].value, due_on: dayAfter(item?.days ?? kit.default_days.general),
      responsible_person: kit.institution.responsible_person, interim_measures: item?.interim ?? "", measures: "", same_as: "", recurrence_of: "",
      department: (this.view.isJoint && item?.department) || "",
      judgement: firm ? {ground: String(firm.id)} : {}, found_at: new Date().toISOString(), revision: 0, is_ready: false, sent: null, tried: null,
    };
  }

  /** What can be chosen for this item: its phrases, hazards of its field, the situations it proposes first. */
  offer() {
    const {form, item} = this;
    const box = form.querySelector("[data-phrases]");
    box.hidden = !item?.phrases.length || !this.isNew;
    for (const phrase of box.hidden ? [] : item.phrases) {
      const button = element("button", {type: "button", class: "btn"}, phrase);
      button.addEventListener("click", () => { form.elements.description.value = phrase; this.save(); });
      box.append(button);
    }
    if (!this.view.isJoint) form.elements.department?.closest(".field").remove();
    const {open_hazards, closed_hazards} = this.view.kit;
    this.narrow("recurrence_of", closed_hazards);
    if (!item) return;
    form.elements.domain.closest(".field").remove();
    if (!this.narrow("same_as", open_hazards)) form.querySelector("[name=handling][value=same]")?.closest(".choice").remove();
    const grounds = form.querySelector("[name=judge-ground]")?.closest(".choices");
    for (const {id} of [...item.situations].reverse()) {
      const choice = grounds?.querySelector(`[value="${id}"]`)?.closest(".choice");
      if (choice) grounds.prepend(choice);
    }
  }

  /** Leaves those hazards of a choice that are of the item's field; without any the choice goes. Gives how many stay. */
  narrow(name, hazards) {
    const {item} = this;
    const field = this.form.elements[name];
    const kept = new Set(hazards.filter(({domain}) => !item || domain === item.domain).map(({id}) => String(id)));
    for (const option of field?.options ? [...field.options] : []) if (option.value && !kept.has(option.value)) option.remove();
    if (!kept.size) field?.closest(".field").remove();
    return kept.size;
  }

  listen() {
    const {form} = this;
    form.addEventListener("input", ({target}) => {
      if (target.type === "file") return;
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.save(), TYPING);
    });
    form.addEventListener("change", ({target, isTrusted}) => { if (isTrusted && target.type !== "file") this.save(); });
    form.addEventListener("submit", (event) => { event.preventDefault(); this.complete(); });
    form.querySelector("[data-later]").addEventListener("click", () => this.leave());
    const remove = form.querySelector("[data-remove]");
    remove.hidden = this.isNew;
    remove.addEventListener("click", () => this.remove());
  }

  /** What stands in the form; the judgement by itself, as the server takes it. */
  read() {
    const facts = Object.entries(read(this.form)).filter(([name]) => !name.startsWith("judge-"));
    return {...Object.fromEntries(facts), judgement: read(this.form, "judge-")};
  }

  /** A photo belongs to a problem that is there. */
  async ensure() {
    if (!this.view.draft.findings[this.uid]) await this.save();
  }

  /** Keeps what stands in the form. A problem being written is not sent until it is said to be complete. */
  async save(isReady = false) {
    clearTimeout(this.typing);
    this.typing = null;
    const now = this.read();
    // Only what was changed here: another tab may have this problem open too.
    const changed = Object.fromEntries(Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(this.last[name])));
    const {item} = this.finding;
    try {
      await this.view.store.change(this.view.visit, (draft) => {
        const before = draft.findings[this.uid] ?? this.finding;
        draft.findings[this.uid] = {...before, ...changed, trouble: "", is_ready: isReady};
        if (item && draft.answers[item]?.value !== "no") setAnswer(draft, item, {value: "no"});
      });
      Object.assign(this.last, changed);
      this.form.querySelector("[data-remove]").hidden = false;
      this.saved.textContent = this.view.savedWords;
      this.saved.classList.remove("is-bad");
      await this.view.refresh();
    } catch (error) {
      this.saved.textContent = FULL;
      this.saved.classList.add("is-bad");
      console.error(error);
    }
  }

  async complete() {
    await Promise.all(this.photos.map((photos) => photos.busy));
    await this.save();
    const errors = findingErrors(this.view.draft, this.view.draft.findings[this.uid], this.view.kit);
    showErrors(this.form, errors);
    if (Object.keys(errors).length) return;
    await this.save(true);
    this.close();
  }

  async remove() {
    const count = photosOf(this.view.draft, this.uid).length;
    const note = count ? `${count} 张照片也会一起删除，不能恢复。` : "不能恢复。";
    if (!(await ask({question: "删除这个问题？", note, yes: "删除", isDanger: true}))) return;
    await this.view.store.change(this.view.visit, (draft) => (draft.findings[this.uid] ? removeFinding(draft, this.uid) : []));
    this.close();
    await this.view.refresh();
  }

  update() { for (const photos of this.photos) photos.update(); }

  /** Another part of the visit is opened: what was typed is kept, and there is one form at a time. */
  async leave() {
    await Promise.all(this.photos.map((photos) => photos.busy)); // a photo just taken is on the disk first
    if (this.typing) await this.save();
    this.close();
  }

  close() {
    clearTimeout(this.typing);
    this.form.remove();
    this.view.formClosed(this);
  }
}
