// What is only on this phone and what has arrived, in words, down to each photo.
import {element, icon} from "../dom.js";
import {countWords, waitingOf} from "./draft.js";

/** State and words of one photo; `net` is what the sender is doing. */
export function photoState(photo, net, isPacket) {
  if (photo.trouble) return ["failed", `没有送到：${photo.trouble}`];
  if (photo.is_sent) return ["done", "已送达系统"];
  if (isPacket) return ["done", "已保存在手机"];
  if (net.name === "sending" && net.id === photo.id) return ["sending", net.percent < 100 ? `正在发送 ${net.percent ?? 0}%` : "等系统确认"];
  return ["waiting", "只在这部手机上"];
}

const total = (counts) => Object.values(counts).reduce((sum, n) => sum + n, 0);

/** Tone, icon, headline, second line and a link for the draft as it stands. */
function wordsFor(draft, net, loginUrl) {
  const waiting = waitingOf(draft);
  const words = countWords(waiting);
  const unready = Object.values(draft.findings).filter((finding) => !finding.is_ready).length;
  if (draft.delivered_at) return ["success", "cloud-check", "已全部送达系统", `${countWords(draft.counts) || "检查记录"}。`];
  if (draft.trouble) return ["danger", "alert-triangle", "没有送达", draft.trouble];
  const conflicts = Object.keys(draft.conflicts).length;
  if (conflicts) return ["warning", "alert-triangle", `有 ${conflicts} 处，两个人填得不一样`, "两份都留着。请打开检查选一份，选好后自动发送。"];
  if (!total(waiting)) return ["success", "cloud-check", "到现在为止都已送达系统", draft.is_finished ? "正在等系统确认完成。" : "接着填写的会自动再送。"];
  const here = `只在这部手机上：${words}。`;
  if (net.name === "sending" && net.visit === draft.visit) return ["info", "cloud-upload", "正在发送，请不要关闭本页", here];
  if (net.name === "network") return ["warning", "wifi-off", "没有信号，可以放心继续", `${here}有信号时会自动发送。`];
  if (net.name === "busy") return ["warning", "clock", "系统暂时没有回应", `${here}过一会儿会自动再试。`];
  if (net.name === "login") return ["warning", "login", "登录已过期，内容都在手机里", `${here}登录后回到本页，会自动接着发送。`, element("a", {href: loginUrl, target: "_blank", rel: "noopener"}, "现在登录")];
  if (net.name === "other") return ["warning", "lock", "现在登录的是另一个人", `${here}请由本人登录后发送。`];
  if (net.name === "refused") return ["danger", "alert-triangle", "系统没有接受", net.words];
  const rest = unready ? `其中 ${unready} 个问题还没有填完，填完并点“保存问题”后才会发送。` : "";
  return ["info", "device-mobile", "已保存在手机", here + rest];
}

function photoList(draft, net) {
  const photos = Object.values(draft.photos).sort((a, b) => a.added - b.added);
  if (!photos.length) return null;
  const sent = photos.filter((photo) => photo.is_sent).length;
  return [photos, sent, photos.map((photo, index) => `照片 ${index + 1}：${photoState(photo, net)[1]}`)];
}

/** Draws the strip, touching only what changed: it is drawn at every percent. */
export function drawStrip(strip, {draft, net, icons, loginUrl}) {
  const [tone, name, title, line, link] = wordsFor(draft, net, loginUrl);
  if (!strip.querySelector("[data-title]")) {
    const bar = element("progress", {"aria-label": "照片送达进度", value: 0, max: 1, hidden: true});
    const details = element("details", {hidden: true}, element("summary", {}), element("ul", {class: "strip-photos"}));
    strip.append(element("div", {"data-icon": ""}), element("div", {}, element("p", {role: "status"}, element("strong", {"data-title": ""}), element("span", {"data-line": ""})), bar, details));
  }
  const part = (selector) => strip.querySelector(selector);
  const write = (node, words) => { if (node.textContent !== words) node.textContent = words; };
  strip.className = `strip alert alert-${tone}`;
  if (strip.dataset.shown !== name) { part("[data-icon]").replaceChildren(icon(icons, name)); strip.dataset.shown = name; }
  write(part("[data-title]"), title);
  if (link && !part("[data-line] a")) part("[data-line]").replaceChildren(line, " ", link);
  else if (!link) write(part("[data-line]"), line);
  const photos = photoList(draft, net);
  part("details").hidden = !photos;
  part("progress").hidden = !photos || photos[1] === photos[0].length;
  if (!photos) return;
  const [all, sent, words] = photos;
  const percent = net.name === "sending" && net.visit === draft.visit ? (net.percent ?? 0) / 100 : 0;
  Object.assign(part("progress"), {max: all.length, value: Math.min(all.length, sent + percent)});
  write(part("summary"), `照片：${sent} / ${all.length} 张已送达`);
  const list = part(".strip-photos");
  while (list.children.length > words.length) list.lastChild.remove();
  words.forEach((text, index) => write(list.children[index] ?? list.appendChild(element("li", {})), text));
}
