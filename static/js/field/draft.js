// A visit as it stands on the phone, and what of it the server has. Pure: no page, no storage, no network.

export const TEXTS = ["other_participants", "person_in_charge", "place_note", "content", "problems", "handling"];
const FACTS = [
  "description", "location", "domain", "severity", "handling", "due_on", "responsible_person", "interim_measures",
  "measures", "no_photo_reason", "same_as", "recurrence_of", "department",
];
const HAZARDS = ["same_as", "recurrence_of"]; // ids of other hazards
const text = (value) => String(value ?? "").trim();
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const sorted = (ids) => [...(ids ?? [])].map(Number).sort((a, b) => a - b);

/** A draft of the kit's visit; a planned or open visit brings what the server has. */
export function newDraft(kit, record, now) {
  const draft = {
    visit: kit.visit, user: kit.me.id, institution: kit.institution,
    begun_at: now, changed_at: now, saved: 0,
    record: {...Object.fromEntries(TEXTS.map((name) => [name, ""])), campaigns: [], inspectors: [], ...record, checked_in_at: now},
    answers: {}, findings: {}, photos: {}, signatures: {}, gone: [], conflicts: {},
    known: null, tried: {}, is_finished: false, lacks: [], trouble: "", delivered_at: null,
  };
  if (kit.state) {
    const {state} = kit;
    Object.assign(draft.record, {
      kind: state.kind, checklist: state.checklist,
      inspectors: state.inspectors.filter((id) => id !== kit.me.id),
      checked_in_at: state.checked_in_at ?? now,
    });
    for (const name of TEXTS) draft.record[name] = state.facts[name];
    takeState(draft, state);
  }
  return draft;
}

// --- answers, findings, photos, signatures ---------------------------------------------------------------------

const given = ({value, note}) => ({value, note: text(note)});
export const isAnswerWaiting = (answer) => !answer.sent || !same(given(answer), answer.sent);

export function setAnswer(draft, item, change) {
  const before = draft.answers[item] ?? {value: "", note: "", revision: 0, sent: null, tried: null};
  draft.answers[item] = {...before, ...change, trouble: ""};
}

/** The body of a finding's PUT: what another handling had asked for does not go along. */
export function findingBody(finding) {
  const body = Object.fromEntries(FACTS.map((name) => [name, text(finding[name])]));
  const {handling} = body;
  if (handling !== "issue") body.due_on = body.interim_measures = "";
  if (handling !== "fixed") body.measures = "";
  body[handling === "same" ? "recurrence_of" : "same_as"] = "";
  if (body.severity !== "major") body.interim_measures = "";
  body.due_on ||= null;
  for (const name of HAZARDS) body[name] = Number(body[name]) || null;
  const judgement = body.severity === "major" && handling !== "same" ? finding.judgement ?? {} : {};
  return {...body, item: finding.item, judgement, found_at: finding.found_at};
}

const factsOf = (body) => Object.fromEntries(FACTS.map((name) => [name, HAZARDS.includes(name) ? body[name] ?? null : text(body[name])]));
export const isFindingWaiting = (finding) => !same(findingBody(finding), finding.sent);

export const findingsOf = (draft, item) => Object.values(draft.findings).filter((f) => f.item === item)
  .sort((a, b) => a.found_at.localeCompare(b.found_at));
export const photosOf = (draft, finding, stage) => Object.values(draft.photos)
  .filter((photo) => photo.finding === finding && (!stage || photo.stage === stage))
  .sort((a, b) => a.added - b.added);

/** Problems the server has that were not recorded on this phone: a colleague's, or one's own on the web page. */
export const findingsElsewhere = (draft) => Object.values(draft.known?.findings ?? {})
  .filter((finding) => !draft.findings[finding.uid] && !draft.gone.includes(finding.uid));

/** Gives the ids of the photos that go with it. */
export function removeFinding(draft, uid) {
  const photos = photosOf(draft, uid).map((photo) => photo.id);
  for (const id of photos) delete draft.photos[id];
  if (draft.findings[uid].tried) draft.gone.push(uid);
  delete draft.findings[uid];
  delete draft.conflicts[`finding-${uid}`];
  return photos;
}

/** A signature replaces the one of the same person. */
export function setSignature(draft, signature) {
  for (const [id, other] of Object.entries(draft.signatures)) if (other.who === signature.who) delete draft.signatures[id];
  draft.signatures[signature.id] = {...signature, is_sent: false, trouble: ""};
}

// --- what only this phone has -------------------------------------------------------------------------------------

const changedFacts = (draft) => {
  const {record, known} = draft;
  const names = TEXTS.filter((name) => text(record[name]) !== text(known?.facts[name]));
  if (!known || !same(sorted(record.inspectors), sorted(known.inspectors))) names.push("inspectors");
  return names;
};

/** How many of each only this phone has. */
export function waitingOf(draft) {
  if (draft.delivered_at) return {visit: 0, answers: 0, findings: 0, photos: 0, signatures: 0};
  const count = (rows, isWaiting) => Object.values(rows).filter(isWaiting).length;
  return {
    visit: ["open", "finished"].includes(draft.known?.status) && !changedFacts(draft).length ? 0 : 1,
    answers: count(draft.answers, (answer) => answer.value && isAnswerWaiting(answer)),
    findings: count(draft.findings, isFindingWaiting),
    photos: count(draft.photos, (photo) => !photo.is_sent),
    signatures: count(draft.signatures, (signature) => !signature.is_sent),
  };
}

export const isAllSent = (draft) => Object.values(waitingOf(draft)).every((n) => n === 0) && !draft.gone.length;

/** 答案 12 项、问题 2 个、照片 5 张; empty for nothing. */
export function countWords({visit, answers, findings, photos, signatures}) {
  const parts = [[answers, "答案 * 项"], [findings, "问题 * 个"], [photos, "照片 * 张"], [signatures, "签名 * 个"]];
  const words = parts.filter(([n]) => n).map(([n, form]) => form.replace("*", n));
  if (visit) words.unshift("检查记录");
  return words.join("、");
}

// --- what to send next ----------------------------------------------------------------------------------------------

/** The next call to make, or null: {name, ...}. What the server refused waits until the person changes it. */
export function nextStep(draft) {
  if (draft.delivered_at || draft.trouble) return null;
  const isIn = draft.known?.status === "open";
  if (isIn && draft.gone.length) return {name: "remove", uid: draft.gone[0]};
  const answers = Object.entries(draft.answers)
    .filter(([item, a]) => a.value && !a.trouble && isAnswerWaiting(a) && !draft.conflicts[`answer-${item}`]);
  const facts = changedFacts(draft).filter((name) => !draft.conflicts[`fact-${name}`]);
  if (!isIn || answers.length || (facts.length && !draft.record_trouble)) return {name: "visit", answers, facts: draft.record_trouble ? [] : facts};
  for (const [uid, finding] of Object.entries(draft.findings))
    if (finding.is_ready && !finding.trouble && isFindingWaiting(finding) && !draft.conflicts[`finding-${uid}`])
      return {name: "finding", uid, body: findingBody(finding), revision: finding.revision};
  const photo = Object.values(draft.photos).sort((a, b) => a.added - b.added)
    .find(({is_sent, trouble, finding}) => !is_sent && !trouble && draft.findings[finding]?.sent);
  if (photo) return {name: "photo", id: photo.id};
  const signature = Object.values(draft.signatures).find(({is_sent, trouble}) => !is_sent && !trouble);
  if (signature) return {name: "signature", id: signature.id};
  if (draft.is_finished && isAllSent(draft)) return {name: "finish"};
  return null;
}

/** The body of the visit's PUT: what makes it, or checks in, when the server has none; then what changed. */
export function visitBody(draft, {answers, facts}) {
  const {record} = draft;
  const body = Object.fromEntries(facts.map((name) => [name, record[name]]));
  if (draft.known?.status !== "open") body.checked_in_at = record.checked_in_at;
  if (!draft.known) {
    for (const name of ["kind", "is_unannounced", "checklist", "campaigns", "inspectors", "other_participants"]) body[name] = record[name];
    body.institution = draft.institution.id;
  }
  body.answers = answers.map(([item, a]) => ({item: Number(item), ...given(a), revision: a.revision}));
  return body;
}

/** Remembers what is about to be sent: if the reply is lost, what the server then has is known to be ours. */
export function willSend(draft, step) {
  if (step.name === "visit") {
    for (const [item, a] of step.answers) draft.answers[item].tried = given(a);
    for (const name of step.facts) draft.tried[name] = draft.record[name];
  } else if (step.name === "finding") draft.findings[step.uid].tried = step.body;
}

// --- what the server says --------------------------------------------------------------------------------------------

/**
 * Takes the visit as the server has it. What was not changed here follows the server; what was changed here only
 * stays and is still to be sent; what both changed becomes a conflict that the person decides.
 */
export function takeState(draft, state) {
  const before = draft.known ?? {facts: {}, inspectors: []};
  draft.known = {
    status: state.status, version: state.version, facts: state.facts, inspectors: state.inspectors.filter((id) => id !== draft.user),
    findings: Object.fromEntries(state.findings.map((finding) => [finding.uid, finding])),
    is_signed: Boolean(state.facts.refusal_reason) || state.signatures.some(({role}) => role === "in_charge"),
  };
  for (const name of [...TEXTS, "inspectors"]) takeFact(draft, name, before);
  for (const answer of state.answers) takeAnswer(draft, answer);
  for (const finding of state.findings) takeFinding(draft, finding);
  for (const [uid, mine] of Object.entries(draft.findings))
    if (mine.sent && !draft.known.findings[uid]) Object.assign(mine, {sent: null, revision: 0}); // removed there: sent again
  for (const {id} of state.signatures) if (draft.signatures[id]) draft.signatures[id].is_sent = true;
}

function takeFact(draft, name, before) {
  const read = (place) => (name === "inspectors" ? sorted(place) : text(place));
  const theirs = name === "inspectors" ? draft.known.inspectors : draft.known.facts[name];
  const was = name === "inspectors" ? before.inspectors : before.facts[name];
  const mine = draft.record[name];
  if (same(read(mine), read(was))) draft.record[name] = theirs;
  else if (same(read(mine), read(theirs))) delete draft.conflicts[`fact-${name}`];
  else if (!same(read(theirs), read(was)) && !(name in draft.tried && same(read(theirs), read(draft.tried[name]))))
    draft.conflicts[`fact-${name}`] = {kind: "fact", name, mine, theirs};
}

function takeAnswer(draft, {item, value, note, revision}) {
  const theirs = {value, note};
  const mine = draft.answers[item];
  if (!mine?.value || !isAnswerWaiting(mine) || same(given(mine), theirs)) {
    draft.answers[item] = {value, note, revision, sent: theirs, tried: null};
    delete draft.conflicts[`answer-${item}`];
  } else if (same(theirs, mine.sent) || same(theirs, mine.tried)) {
    Object.assign(mine, {revision, sent: theirs});
  } else if (revision !== mine.revision) {
    draft.conflicts[`answer-${item}`] = {kind: "answer", item, mine: given(mine), theirs, revision};
  }
}

export function takeFinding(draft, theirs) {
  const mine = draft.findings[theirs.uid];
  for (const photo of theirs.photos) if (draft.photos[photo.id]?.sha256 === photo.sha256) draft.photos[photo.id].is_sent = true;
  if (!mine) return;
  const facts = factsOf(theirs);
  if (same(facts, factsOf(findingBody(mine)))) {
    if (!mine.sent || mine.tried) mine.sent = mine.tried ?? findingBody(mine);
    mine.revision = theirs.revision;
    delete draft.conflicts[`finding-${theirs.uid}`];
  } else if ((mine.sent && same(facts, factsOf(mine.sent))) || (mine.tried && same(facts, factsOf(mine.tried)))) {
    mine.revision = theirs.revision;
  } else if (theirs.revision !== mine.revision) {
    draft.conflicts[`finding-${theirs.uid}`] = {kind: "finding", uid: theirs.uid, mine: findingBody(mine), theirs};
  }
}

/** The person's choice between both sides of a conflict. */
export function decide(draft, key, isMine) {
  const {kind, theirs, item, name, uid, revision} = draft.conflicts[key];
  delete draft.conflicts[key];
  if (kind === "answer") {
    const answer = draft.answers[item];
    Object.assign(answer, {revision, trouble: ""}, isMine ? {} : {...theirs, sent: theirs});
  } else if (kind === "fact") {
    if (!isMine) draft.record[name] = theirs;
  } else {
    const finding = draft.findings[uid];
    finding.revision = theirs.revision;
    if (!isMine) {
      Object.assign(finding, factsOf(theirs));
      finding.sent = finding.tried = findingBody(finding);
    }
  }
}

/** Whether the server has every photo of the draft under its hash, and the visit is finished there. */
export function isDelivered(draft, state) {
  const there = new Map(state.findings.flatMap((finding) => finding.photos.map((photo) => [photo.id, photo.sha256])));
  return state.status === "finished" && Object.values(draft.photos).every((photo) => there.get(photo.id) === photo.sha256);
}

/** What is left of a draft when all of it is delivered: where, when, how many. */
export function delivered(draft, now) {
  const count = (rows) => Object.keys(rows).length;
  const counts = {visit: 0, answers: count(draft.answers), findings: count(draft.findings), photos: count(draft.photos), signatures: count(draft.signatures)};
  return {
    visit: draft.visit, user: draft.user, institution: draft.institution, begun_at: draft.begun_at, delivered_at: now, counts,
    answers: {}, findings: {}, photos: {}, signatures: {}, gone: [], conflicts: {}, record: {checked_in_at: draft.record.checked_in_at},
  };
}
