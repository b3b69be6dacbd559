// What two people wrote differently: both sides are shown, the person decides.
import {ask, element} from "../dom.js";
import {decide} from "./draft.js";

const WORDS = {yes: "是", no: "否", not_applicable: "不涉及"};

/** The label of a field as the kit's forms have it. */
function labelOf(view, part, name) {
  const field = view.parts.get(part).querySelector(`[name="${name}"]`)?.closest(".field");
  return field?.querySelector("legend, label:not(.choice)")?.firstChild.textContent.trim() ?? name;
}

function sides(view, {kind, item, name, mine, theirs}) {
  if (kind === "answer") {
    const words = ({value, note}) => WORDS[value] + (note ? `（${note}）` : "");
    return [view.items.get(item)?.text ?? "检查项", words(mine), words(theirs)];
  }
  if (kind === "fact") {
    const people = new Map([view.kit.me, ...view.kit.colleagues].map(({id, name: called}) => [id, called]));
    const words = (value) => (Array.isArray(value) ? value.map((id) => people.get(id) ?? "其他人员").join("、") : value) || "（空）";
    return [labelOf(view, "record", name), words(mine), words(theirs)];
  }
  const differing = Object.keys(theirs).filter((key) => key in mine && key !== "item" && String(mine[key] ?? "") !== String(theirs[key] ?? ""));
  const words = (side) => differing.map((key) => `${labelOf(view, "finding", key)}：${choice(view, key, side[key]) || "（空）"}`).join("；");
  return [`问题“${mine.description.slice(0, 30)}”`, words(mine), words(theirs)];
}

function choice(view, name, value) {
  const radio = view.parts.get("finding").querySelector(`[name="${name}"][value="${value}"]`);
  return radio?.closest(".choice")?.textContent.trim() ?? value;
}

/** The list of what two people wrote differently, each with both sides and a choice. */
export function drawConflicts(view) {
  const box = view.root.querySelector("[data-conflicts]");
  const entries = Object.entries(view.draft.conflicts);
  box.hidden = !entries.length;
  const shown = JSON.stringify(view.draft.conflicts);
  if (box.dataset.shown === shown) return;
  box.dataset.shown = shown;
  box.querySelector("ul").replaceChildren(...entries.map(([key, conflict]) => {
    const [title, mine, theirs] = sides(view, conflict);
    const button = (words, isMine) => {
      const made = element("button", {type: "button", class: "btn"}, words);
      made.addEventListener("click", () => choose(view, key, title, isMine));
      return made;
    };
    return element("li", {}, element("div", {class: "row-main"}, element("b", {}, title), element("dl", {class: "sides"},
      element("div", {}, element("dt", {}, "我填的"), element("dd", {}, mine)), element("div", {}, element("dt", {}, "系统里的"), element("dd", {}, theirs)))),
    element("div", {class: "row-side"}, button("用我填的", true), button("用系统里的", false)));
  }));
}

async function choose(view, key, title, isMine) {
  const yes = isMine ? "用我填的" : "用系统里的";
  if (!(await ask({question: `“${title.slice(0, 40)}”${yes}？`, note: "另一份将被替换。", yes}))) return;
  await view.store.change(view.visit, (draft) => { if (draft.conflicts[key]) decide(draft, key, isMine); });
  await view.refresh();
}
