// What must be right before something is called complete, in the words the server would use.
import {findingsElsewhere, findingsOf, photosOf} from "./draft.js";

const today = () => new Date().toLocaleDateString("sv-SE"); // 2026-11-21, of the phone's own day
const LONGEST_DAYS = 366;
const OWN = ["patrol", "self_check"]; // kinds that one person may do

/** The date `days` from today as a date input has it. */
export function dayAfter(days) {
  const date = new Date();
  date.setDate(date.getDate() + days);
  return date.toLocaleDateString("sv-SE");
}

function judgementErrors({ground, competent_body, document_number, participants, opinion}, kit) {
  const errors = {};
  const empty = (words) => !(words ?? "").trim();
  if (!ground) errors["judge-ground"] = "重大隐患须写明判定依据。";
  else if (ground === "consultation") {
    if ((participants ?? "").split(/[、，,;；\s]+/).filter(Boolean).length < 2) errors["judge-participants"] = "会商判定请写明至少两名参加人员，用顿号分开。";
    if ((opinion ?? "").trim().length < 5) errors["judge-opinion"] = "请写明会商意见，至少 5 个字。";
  } else {
    const situation = kit.situations.find((one) => String(one.id) === ground);
    if (situation?.needs_finding && empty(competent_body)) errors["judge-competent_body"] = `这一情形须由${situation.finding_bodies}判定，请填写判定机关。`;
    if (situation?.needs_finding && empty(document_number)) errors["judge-document_number"] = "请填写判定文书的文号；没有文书的，先按一般隐患登记并提请判定。";
  }
  return errors;
}

function dueErrors(due) {
  if (!due) return {due_on: "请填写这一项。"};
  if (due < today()) return {due_on: "整改期限不能早于今天。"};
  return due > dayAfter(LONGEST_DAYS) ? {due_on: "整改期限最长不超过一年，请核对年份。"} : {};
}

/** What a finding lacks, by field; empty when it is complete. */
export function findingErrors(draft, finding, kit) {
  const errors = {};
  const need = (...names) => { for (const name of names) if (!String(finding[name] ?? "").trim()) errors[name] = "请填写这一项。"; };
  const isMajor = finding.severity === "major";
  if ((finding.description ?? "").trim().length < 4) errors.description = "请写得具体一些，至少 4 个字。";
  if (!finding.item) need("domain");
  if (finding.handling === "same") {
    if (!finding.same_as) errors.same_as = "请选择与哪一条隐患相同。";
    return errors;
  }
  if (!(finding.location ?? "").trim()) errors.location = "请填写具体部位。";
  if (!photosOf(draft, finding.uid, "found").length && !(finding.no_photo_reason ?? "").trim())
    errors.found = "请至少拍一张现场照片；确实不能拍照的，请在下面写明原因。";
  if (isMajor) Object.assign(errors, judgementErrors(finding.judgement ?? {}, kit));
  if (finding.handling === "issue") {
    Object.assign(errors, dueErrors(finding.due_on));
    need("responsible_person");
    if (isMajor && !(finding.interim_measures ?? "").trim()) errors.interim_measures = "重大隐患须写明整改完成前的临时管控措施。";
  } else if (finding.handling === "fixed") {
    need("measures", "responsible_person");
    if (!photosOf(draft, finding.uid, "rectified").length) errors.rectified = "立行立改请拍改好后的照片。";
    if (isMajor) errors.handling = "重大隐患不能立行立改，请下发整改。";
  }
  return errors;
}

/** The items asked in this visit: of its checklist first, then the local additions. */
export function itemsOf(draft, kit) {
  if (!draft.record.checklist) return [];
  const lists = kit.checklists.filter((list) => list.id === Number(draft.record.checklist));
  return [...lists, ...kit.checklists.filter((list) => list.is_added)].flatMap((list) => list.items);
}

/** What keeps the visit from being finished: [{words, part, item, finding}], in the order of the steps. */
export function lacksOf(draft, kit) {
  const found = [];
  for (const item of itemsOf(draft, kit)) {
    const isNo = draft.answers[item.id]?.value === "no";
    if (isNo && !findingsOf(draft, item.id).length && !findingsElsewhere(draft).some((finding) => finding.item === item.id))
      found.push({words: `${item.code} 答“否”，还没有记录问题：${item.text}`, part: "walk", item: item.id});
  }
  for (const finding of Object.values(draft.findings)) {
    const words = Object.values(findingErrors(draft, finding, kit))[0] ?? (finding.is_ready ? "" : "还没有点“保存问题”。");
    if (words) found.push({words: `“${(finding.description || "没有写的问题").slice(0, 30)}”${words}`, part: "walk", item: finding.item, finding: finding.uid});
  }
  if (draft.record.inspectors.length < 1 && !OWN.includes(draft.record.kind)) found.push({words: "检查人员至少 2 人", part: "record"});
  const isOwn = kit.kinds.some(({value}) => value === "self_check");
  const isSigned = Object.values(draft.signatures).some(({who}) => who === "in_charge") || draft.known?.is_signed;
  if (!isOwn && !isSigned) found.push({words: "被检查单位负责人还没有签名；拒签或在纸上签名的，请写明", part: "sign"});
  return found;
}
