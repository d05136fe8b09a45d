// The chart of the activity, drawn from the very table below it: the two cannot differ.
// canvas[data-chart-of="id of the table"]; th[data-series="chart-1"] are the columns drawn, in the table's order and in
// the colour of that name. With data-across the bars lie: for names that are long, and one column.

for (const canvas of document.querySelectorAll("canvas[data-chart-of]")) {
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  let chart = draw(canvas);
  scheme.addEventListener("change", () => {
    chart.destroy();
    chart = draw(canvas);
  });
}

function draw(canvas) {
  const { labels, datasets } = read(document.getElementById(canvas.dataset.chartOf));
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const across = "across" in canvas.dataset;
  const names = { stacked: true, ticks: { color: colour("--ink-soft"), autoSkip: !across }, grid: { display: false } };
  const counts = {
    stacked: true,
    beginAtZero: true,
    ticks: { color: colour("--ink-soft"), precision: 0 },
    grid: { color: colour("--line") },
  };
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  return new window.Chart(canvas, {
    type: "bar",
    data: {
      labels,
      datasets: datasets.map(({ label, data, token }) => ({
        label,
        data,
        backgroundColor: colour(`--${token}`),
        borderColor: colour("--surface"),
        borderWidth: 1,
        maxBarThickness: 56,
      })),
    },
    options: {
      animation: calm ? false : { duration: 300 },
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      indexAxis: across ? "y" : "x",
      plugins: {
        legend: {
          display: !across,
          position: "top",
          align: "start",
          labels: { color: colour("--ink"), boxWidth: 14, boxHeight: 14 },
        },
      },
      scales: across ? { x: counts, y: names } : { x: names, y: counts },
    },
  });
}

function read(table) {
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  return {
    labels: rows.map((row) => row.cells[0].textContent.trim()),
    datasets: heads
      .map((head, column) => ({ head, column }))
      .filter(({ head }) => head.dataset.series)
      .map(({ head, column }) => ({
        label: head.textContent.trim(),
        token: head.dataset.series,
        data: rows.map((row) => Number(row.cells[column].textContent.replace(/\D/g, ""))),
      })),
  };
}
