// Charts of the statistics pages, drawn from the tables beneath them: without this file nothing is missing but a picture.
import {BarChart, LineChart} from "echarts/charts";
import {GridComponent, LegendComponent, TooltipComponent} from "echarts/components";
import {init, use} from "echarts/core";
import {CanvasRenderer} from "echarts/renderers";

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

/** Labels, and one series of numbers a column, as the table says them. */
function read(table) {
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows];
  const number = (cell) => Number(cell.textContent.replace(/[^\d.]/g, "")) || 0;
  return {
    labels: rows.map((row) => row.cells[0].textContent.trim()),
    series: names.map((name, n) => ({name, values: rows.map((row) => number(row.cells[n + 1]))})),
  };
}

/** A token of the style sheet, in the light or dark that is shown. */
function colours(place) {
  const probe = document.createElement("span");
  place.append(probe);
  const of = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const found = {text: of("--muted"), line: of("--line"), all: ["--blue", "--green", "--amber"].map(of)};
  probe.remove();
  return found;
}

function draw(place) {
  const {labels, series} = read(document.getElementById(place.dataset.table));
  const colour = colours(place);
  const size = parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.8;
  const text = {color: colour.text, fontSize: size};
  const chart = init(place);
  chart.setOption({
    animation: false,
    color: colour.all,
    grid: {left: 8, right: 8, top: 36, bottom: 8, containLabel: true},
    legend: {top: 0, textStyle: text},
    tooltip: {trigger: "axis", renderMode: "richText"}, // markup would need inline style
    xAxis: {type: "category", data: labels, axisLabel: text, axisLine: {lineStyle: {color: colour.line}}},
    yAxis: {type: "value", axisLabel: text, splitLine: {lineStyle: {color: colour.line}}, minInterval: 1},
    series: series.map(({name, values}, n) => ({
      name,
      data: values,
      type: n < 2 ? "bar" : "line",
      barMaxWidth: 18,
      symbolSize: 6,
    })),
  });
  return chart;
}

const places = [...document.querySelectorAll("[data-chart]")];
let charts = places.map(draw);
addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
matchMedia("(prefers-color-scheme: dark)").addEventListener?.("change", () => {
  charts.forEach((chart) => chart.dispose());
  charts = places.map(draw);
});
addEventListener("beforeprint", () => charts.forEach((chart) => chart.resize()));
