// Sends what only this phone has, whenever there is signal: one call after the other, each of which may be repeated.
// Nothing is removed here before the server has confirmed it.
import {send} from "../send.js";
import {delivered, isAllSent, isAnswerWaiting, isDelivered, nextStep, takeFinding, takeState, visitBody, willSend} from "./draft.js";

const [FIRST_DELAY, LAST_DELAY] = [1000, 30000]; // ms between tries
const SETTLE = 800; // ms after a change, so that a word being typed is not sent letter by letter
const MOST_TIMES = 3; // the same call in a row changes nothing: it waits for the person

/** The network, the server or the login is away: what is left waits. */
class Away extends Error {
  constructor(state, words = "") {
    super(words || state);
    this.state = state;
  }
}

export class Sender {
  /** `urls` {session, visits, login}; `onState({name, ...})` is told what goes on: idle, sending, away, login, other. */
  constructor({store, urls, onState}) {
    Object.assign(this, {store, urls, onState, delay: FIRST_DELAY, session: null, handle: {}, isRunning: false, isWanted: false});
    for (const name of ["online", "focus", "pageshow"]) window.addEventListener(name, () => this.now());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.now(); });
    store.onChange(() => this.soon());
  }

  say(name, more = {}) { this.onState({name, ...more}); }

  soon() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.run(), SETTLE);
  }

  now() {
    this.delay = FIRST_DELAY;
    this.run();
  }

  /** Who is logged in; null when nobody is or nobody can be asked. */
  async ask() {
    const {status, json} = await send(this.urls.session, null, "", () => {}, {}, {method: "GET"});
    if (status === 401) throw new Away("login");
    if (status === 403) throw new Away("refused", json?.error);
    if (status !== 200) throw new Away(status ? "busy" : "network");
    this.session = json;
    return json;
  }

  async run() {
    if (this.isRunning) { this.isWanted = true; return; }
    Object.assign(this, {isRunning: true, isWanted: false});
    clearTimeout(this.timer);
    try {
      await this.alone(() => this.round());
      this.delay = FIRST_DELAY;
      this.say("idle");
    } catch (error) {
      if (!(error instanceof Away)) throw error;
      const seconds = Math.round(this.delay / 1000);
      this.say(error.state, {seconds, words: error.message});
      // Somebody must log in: asking every second would not help, coming back to this page does.
      if (["network", "busy"].includes(error.state)) this.timer = setTimeout(() => this.run(), this.delay);
      this.delay = Math.min(this.delay * 2, LAST_DELAY);
    } finally {
      this.isRunning = false;
    }
    if (this.isWanted) this.soon();
  }

  /** One tab sends at a time. Without locks (plain http) two may: every call can be repeated. */
  alone(work) {
    return navigator.locks ? navigator.locks.request("field-send", work) : work();
  }

  async round() {
    const waiting = (await this.store.drafts()).filter((draft) => nextStep(draft));
    if (!waiting.length) return;
    const {user} = await this.ask();
    const mine = waiting.filter((draft) => draft.user === user.id);
    if (!mine.length) throw new Away("other");
    for (const {visit} of mine) await this.deliver(visit);
  }

  async deliver(visit) {
    for (let [last, times] = ["", 0]; ;) {
      const draft = await this.store.draft(visit);
      const step = draft && nextStep(draft);
      if (!step) return;
      times = JSON.stringify(step) === last ? times + 1 : 0;
      last = JSON.stringify(step);
      if (times >= MOST_TIMES) await this.refuse(draft, {}, (now) => now);
      else {
        this.say("sending", {visit, step: step.name, id: step.id});
        await this[step.name](draft, step);
        this.delay = FIRST_DELAY;
      }
    }
  }

  /** A call that reached the server; network and login troubles are thrown, a stale token is renewed once. */
  async call(path, {method = "PUT", body = null, headers = {}, onProgress = () => {}}) {
    const isText = typeof body === "string";
    const options = {method, headers: isText ? {"Content-Type": "application/json", ...headers} : headers};
    for (let hasNewToken = false; ; hasNewToken = true) {
      const answer = await send(this.urls.visits + path, body, this.session.csrf, onProgress, this.handle, options);
      const {status, json} = answer;
      if (status === 401) throw new Away("login");
      if (status === 0) throw new Away("network");
      if (status === 408 || status === 429 || status >= 500) throw new Away("busy");
      if (status === 403 && json?.code === "csrf" && !hasNewToken) await this.ask();
      else if (status === 403 && json?.code === "first_login") throw new Away("refused", json.error);
      else return answer;
    }
  }

  change(draft, work) { return this.store.change(draft.visit, work); }

  /** What the server does not accept stays here and waits for the person; `place(draft)` is what it is about. */
  refuse(draft, answer, place) {
    const fields = Object.values(answer.json?.fields ?? {}).flat();
    const words = fields[0] ?? answer.json?.error ?? "系统没有接受，请导出到文件后联系管理员。";
    return this.change(draft, (now) => {
      const row = place(now);
      if (row) row.trouble = words;
    });
  }

  /** 404 and 409 of a single thing may mean that the visit itself stands otherwise by now. */
  async look(draft) {
    const answer = await this.call(`${draft.visit}/`, {method: "GET"});
    if (answer.status !== 200) return this.refuse(draft, answer, (now) => now);
    return this.settle(draft, answer.json);
  }

  /** Takes what stands on the server; a visit that a colleague has finished is delivered when all of ours is there. */
  settle(draft, state) {
    return this.change(draft, (now) => {
      takeState(now, state);
      if (state.status === "open" || state.status === "planned") return [];
      if (isAllSent(now) && isDelivered(now, state)) return close(now);
      now.trouble = `这次检查在系统中${state.status === "finished" ? "已经完成" : "已经取消"}，手机里还有没送到的内容。请导出到文件留存。`;
      return [];
    });
  }

  async visit(draft, step) {
    await this.change(draft, (now) => willSend(now, step));
    const headers = draft.known ? {"If-Match": `"${draft.known.version}"`} : {};
    const answer = await this.call(`${draft.visit}/`, {body: JSON.stringify(visitBody(draft, step)), headers});
    const {status, json} = answer;
    if (json?.version !== undefined) {
      await this.settle(draft, json);
      if (status === 409) await this.change(draft, (now) => refusedAnswers(now, json.conflicts.answers));
      if (status === 422) await this.change(draft, (now) => refusedByWords(now, step, json.errors));
    } else if (status === 422 && json?.fields) {
      const words = Object.values(json.fields).flat()[0];
      await this.change(draft, (now) => { if (draft.known) now.record_trouble = words; else now.trouble = words; });
    } else if (status === 409 && draft.known) {
      await this.look(draft);
    } else {
      await this.refuse(draft, answer, (now) => now);
    }
  }

  async finding(draft, {uid, body, revision}) {
    await this.change(draft, (now) => willSend(now, {name: "finding", uid, body}));
    const answer = await this.call(`${draft.visit}/findings/${uid}/`, {body: JSON.stringify({...body, revision})});
    const {status, json} = answer;
    if (status === 200 || status === 201) {
      await this.change(draft, (now) => {
        now.known.findings[uid] = json;
        if (now.findings[uid]) Object.assign(now.findings[uid], {sent: body, revision: json.revision});
      });
    } else if (status === 409 && json?.conflict) {
      await this.change(draft, (now) => takeFinding(now, json.conflict.theirs));
    } else if (status === 409 || status === 404) {
      await this.look(draft);
      await this.change(draft, (now) => stop(now.findings[uid], json));
    } else {
      await this.refuse(draft, answer, (now) => now.findings[uid]);
    }
  }

  async remove(draft, {uid}) {
    const answer = await this.call(`${draft.visit}/findings/${uid}/`, {method: "DELETE"});
    if (answer.status === 409) return this.look(draft);
    return this.change(draft, (now) => {
      now.gone = now.gone.filter((id) => id !== uid);
      delete now.known.findings[uid];
    });
  }

  async photo(draft, {id}) {
    const photo = draft.photos[id];
    const row = await this.store.photo(id);
    if (!row) return this.change(draft, (now) => { if (now.photos[id]) now.photos[id].trouble = "手机里找不到这张照片，请删除后重拍。"; });
    const query = new URLSearchParams({finding: photo.finding, stage: photo.stage, taken_at: photo.taken_at, name: photo.name});
    const onProgress = (percent) => this.say("sending", {visit: draft.visit, step: "photo", id, percent});
    const headers = {"Content-Type": photo.type, "X-Content-SHA256": photo.sha256};
    const answer = await this.call(`${draft.visit}/photos/${id}/?${query}`, {body: new Blob([row.bytes], {type: photo.type}), headers, onProgress});
    const {status, json} = answer;
    if ((status === 200 || status === 201) && json?.sha256 === photo.sha256) {
      return this.change(draft, (now) => { if (now.photos[id]) now.photos[id].is_sent = true; });
    }
    if (status !== 404) return this.refuse(draft, answer, (now) => now.photos[id]);
    await this.look(draft); // its problem was removed there: it goes again first
    return this.change(draft, (now) => { if (now.findings[photo.finding]?.sent) stop(now.photos[id], json); });
  }

  async signature(draft, {id}) {
    const {is_sent, trouble, ...body} = draft.signatures[id];
    const answer = await this.call(`${draft.visit}/signatures/${id}/`, {body: JSON.stringify(body)});
    if (answer.status !== 200) return this.refuse(draft, answer, (now) => now.signatures[id]);
    return this.change(draft, (now) => { if (now.signatures[id]) now.signatures[id].is_sent = true; });
  }

  async finish(draft) {
    const body = JSON.stringify({findings: Object.keys(draft.findings), photos: Object.keys(draft.photos)});
    const answer = await this.call(`${draft.visit}/finish/`, {method: "POST", body});
    const {status, json} = answer;
    if (status === 200 && isDelivered(draft, json)) {
      return this.change(draft, close);
    }
    if (status === 422 && json?.missing) return this.change(draft, (now) => sendAgain(now, json.missing));
    if (status === 422 && json?.lacks) {
      return this.change(draft, (now) => { Object.assign(now, {is_finished: false, lacks: json.lacks.map((lack) => lack.words)}); });
    }
    if (status === 200) return this.change(draft, (now) => { now.trouble = "系统中的照片与手机里的不一致，手机里的都还在。请导出到文件后联系管理员。"; });
    return status === 409 ? this.look(draft) : this.refuse(draft, answer, (now) => now);
  }
}

const stop = (row, json) => { if (row) row.trouble = json?.error ?? "系统没有接受。"; };

/** Leaves of a draft what the list shows; gives the ids of the photos that may go. */
function close(draft) {
  const [left, photos] = [delivered(draft, new Date().toISOString()), Object.keys(draft.photos)];
  for (const name of Object.keys(draft)) delete draft[name];
  Object.assign(draft, left);
  return photos;
}

/** Answers refused although nobody else changed them: a problem is recorded there, or the checklist is another. */
function refusedAnswers(draft, rows) {
  for (const {item, reason, mine} of rows) {
    const answer = draft.answers[item];
    // What only our own earlier call had changed goes through with the revision just learnt.
    if (answer && !draft.conflicts[`answer-${item}`] && answer.revision === mine.revision) answer.trouble = reason;
  }
}

/** Words about a note (length, an ID number) name no item: those of this call that did not arrive wait. */
function refusedByWords(draft, {answers}, errors) {
  for (const [item] of answers) if (isAnswerWaiting(draft.answers[item])) draft.answers[item].trouble = errors[0];
}

function sendAgain(draft, {findings = [], photos = []}) {
  for (const uid of findings) if (draft.findings[uid]) draft.findings[uid].sent = null;
  for (const id of photos) if (draft.photos[id]) draft.photos[id].is_sent = false;
}
