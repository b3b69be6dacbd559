// Photos upload as soon as they are chosen; the form then carries only their ids.
// Without this file the same fieldset is a plain file input that posts with the form.
import {ask, element, resubmit} from "./dom.js";
import {photoButtons, photoCard} from "./photo_list.js";
import {csrfToken, refreshToken, sayExpired} from "./session.js";
import {shrink, sha256, uuid} from "./picture.js";
import {send} from "./send.js";

const AT_ONCE = 2;
const LAST_DELAY = 30000; // ms
const GIVE_UP_AFTER = 8; // tries; then the person decides

class Uploader {
  constructor(fieldset) {
    this.fieldset = fieldset;
    this.form = fieldset.closest("form");
    this.list = fieldset.querySelector("[data-evidence-list]");
    this.status = fieldset.querySelector("[data-evidence-status]");
    this.max = Number(fieldset.dataset.max) || 9;
    this.items = [];
    this.running = 0;
    const early = photoButtons(fieldset, (files) => this.add(files));
    for (const li of this.list.querySelectorAll("[data-file-id]")) this.adopt(li);
    this.add(early);
    fieldset.addEventListener("dragover", (event) => event.preventDefault());
    fieldset.addEventListener("drop", (event) => { event.preventDefault(); this.add(event.dataTransfer.files); });
    window.addEventListener("online", () => this.retry((item) => item.state === "waiting"));
    window.addEventListener("house:logged-in", () => this.retry((item) => item.isExpired));
  }

  /** A photo the server already has: it came back with the page. */
  adopt(li) {
    const item = {li, id: li.dataset.fileId, state: "done", name: li.querySelector(".name")?.textContent ?? "照片"};
    this.items.push(item);
    li.append(this.tools(item));
  }

  add(files) {
    for (const file of files) {
      if (this.items.length >= this.max) {
        this.say(`最多 ${this.max} 个，多出的没有添加。`);
        break;
      }
      const item = {file, name: file.name || "照片", clientId: uuid(), state: "waiting", tries: 0};
      this.list.append(this.draw(item));
      this.items.push(item);
      this.show(item, "等待上传");
    }
    this.pump();
  }

  draw(item) {
    const again = element("button", {type: "button", hidden: true, "aria-label": `重试 ${item.name}`}, "重试");
    again.addEventListener("click", () => this.retry((other) => other === item));
    Object.assign(item, photoCard(item.name, item.file.type, this.fieldset.dataset.icons), {again});
    item.li.append(this.tools(item));
    return item.li;
  }

  tools(item) {
    const remove = element("button", {type: "button", "aria-label": `移除 ${item.name}`}, "移除");
    remove.addEventListener("click", () => this.remove(item));
    return element("span", {class: "tools"}, item.again, remove);
  }

  show(item, words) {
    item.words.textContent = words;
    item.li.className = `evidence-item is-${item.state}`;
    item.bar.hidden = item.state === "done" || item.state === "failed";
    item.again.hidden = item.state !== "failed";
    this.tell();
  }

  tell() {
    const open = this.open().length;
    const failed = this.failed().length;
    if (this.submitter !== undefined && open) this.say(`还有 ${open} 个正在上传，传完后自动提交，请不要离开本页。`);
    else if (failed) this.say(`${failed} 个没有传上，请重试或移除；其他不受影响。`);
    else if (open) this.say(`正在上传 ${open} 个。`);
    else this.say(this.items.length ? `已上传 ${this.items.length} 个。` : "");
  }

  say(words) {
    if (this.status.textContent !== words) this.status.textContent = words;
  }

  open() { return this.items.filter((item) => item.state === "waiting" || item.state === "sending"); }
  failed() { return this.items.filter((item) => item.state === "failed"); }

  pump() {
    for (const item of this.items) {
      if (this.running >= AT_ONCE) return;
      if (item.state === "waiting" && !item.timer) this.upload(item);
    }
  }

  async upload(item) {
    this.running += 1;
    item.state = "sending";
    this.show(item, "处理中");
    try {
      await this.prepare(item);
      const answer = await send(this.fieldset.dataset.uploadUrl, this.body(item), csrfToken(this.form), (done) => {
        item.bar.value = done;
        this.show(item, done < 100 ? `上传 ${done}%` : "正在保存");
      }, item);
      await this.settle(item, answer);
    } catch (error) {
      this.fail(item, "这张照片无法读取，请移除后重新选择");
      console.error(error);
    }
    this.running -= 1;
    this.pump();
    this.resume();
  }

  /** Shrinks and hashes once; a retry sends the same bytes under the same id. */
  async prepare(item) {
    if (item.blob) return;
    item.blob = await shrink(item.file);
    item.sha = await sha256(item.blob);
    if (item.blob.type.startsWith("image/") && !/hei[cf]/.test(item.blob.type)) {
      item.preview = URL.createObjectURL(item.blob);
      item.thumb.replaceChildren(element("img", {src: item.preview, alt: ""}));
    }
  }

  body(item) {
    const body = new FormData();
    body.set("client_id", item.clientId);
    body.set("sha256", item.sha);
    body.set("stage", this.fieldset.dataset.stage ?? "");
    body.set("taken_at", new Date(item.file.lastModified).toISOString());
    body.set("file", item.blob, item.name);
    return body;
  }

  async settle(item, {status, json}) {
    if (!this.items.includes(item)) {
      if (json?.id) this.discard(json.id); // removed while it was on its way
    } else if (status === 200 || status === 201) {
      this.finish(item, json);
    } else if (status === 401) {
      item.isExpired = true;
      this.fail(item, "登录已过期，登录后点此重试");
      sayExpired();
    } else if (status === 403 && !item.hasNewToken && (await refreshToken())) {
      item.hasNewToken = true; // logged in again in another tab: the token had changed
      this.later(item, 0);
    } else if (status === 413) {
      this.fail(item, "文件太大，单个不超过 20 MB");
    } else if (status >= 400 && status < 500 && status !== 429 && status !== 408) {
      this.fail(item, json?.error ?? "没有传上，请重试");
    } else if ((item.tries += 1) >= GIVE_UP_AFTER) {
      this.fail(item, json?.error ?? "失败，点此重试");
    } else {
      this.later(item, Math.min(1000 * 2 ** (item.tries - 1), LAST_DELAY), status ? "系统忙" : "网络不通");
    }
  }

  finish(item, {id, thumb}) {
    item.state = "done";
    item.id = id;
    item.li.dataset.fileId = id;
    item.li.append(element("input", {type: "hidden", name: this.fieldset.dataset.name || "upload_ids", value: id}));
    if (!item.preview && thumb) item.thumb.replaceChildren(element("img", {src: thumb, alt: ""}));
    this.show(item, "已上传");
  }

  fail(item, words) {
    item.state = "failed";
    this.show(item, words);
  }

  later(item, delay, reason) {
    item.state = "waiting";
    item.bar.value = 0;
    this.show(item, delay ? `${reason}，${Math.round(delay / 1000)} 秒后再试` : "等待上传");
    item.timer = setTimeout(() => { item.timer = null; this.pump(); }, delay);
  }

  retry(isMeant) {
    for (const item of this.items.filter((other) => other.state !== "done" && other.state !== "sending" && isMeant(other))) {
      clearTimeout(item.timer);
      Object.assign(item, {timer: null, tries: 0, state: "waiting", isExpired: false, hasNewToken: false});
      this.show(item, "等待上传");
    }
    this.pump();
  }

  remove(item) {
    const index = this.items.indexOf(item);
    clearTimeout(item.timer);
    this.items.splice(index, 1);
    item.request?.abort();
    item.li.remove();
    if (item.preview) URL.revokeObjectURL(item.preview);
    if (item.id) this.discard(item.id);
    (this.list.querySelectorAll(".tools button:last-child")[index] ?? this.fieldset.querySelector("input[type=file]"))?.focus();
    this.tell();
    this.resume();
  }

  discard(id) {
    const headers = {"X-CSRFToken": csrfToken(this.form), Accept: "application/json"};
    fetch(`${this.fieldset.dataset.uploadUrl}${id}/remove/`, {method: "POST", headers}).catch(() => {}); // a janitor removes strays
  }

  /** Holds the submit while photos are on their way; asks when some could not be sent. */
  hold(event) {
    if (!this.open().length && !this.failed().length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.submitter = event.submitter ?? null;
    this.tell();
    this.resume();
  }

  async resume() {
    if (this.submitter === undefined || this.open().length) return;
    const {submitter} = this;
    this.submitter = undefined;
    const failed = this.failed();
    if (failed.length) {
      const isSure = await ask({
        question: `有 ${failed.length} 个照片或文件没有传上`,
        note: "可以返回重试；也可以不带它们提交，其他照片不受影响。",
        yes: "不带它们提交", no: "返回重试", isDanger: true,
      });
      if (!isSure) return this.tell();
      failed.forEach((item) => this.remove(item));
    }
    resubmit(this.form, submitter);
  }
}

const uploaders = new Map();

function start() {
  for (const fieldset of uploaders.keys()) if (!fieldset.isConnected) uploaders.delete(fieldset);
  for (const fieldset of document.querySelectorAll("[data-evidence]"))
    if (!uploaders.has(fieldset)) uploaders.set(fieldset, new Uploader(fieldset));
}

// On window, before any listener that confirms or sends.
window.addEventListener("submit", (event) => {
  for (const uploader of uploaders.values()) {
    if (uploader.form === event.target) uploader.hold(event);
    if (event.defaultPrevented) return;
  }
}, true);
document.addEventListener("htmx:after:swap", start);
start();
