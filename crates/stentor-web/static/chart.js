// A chart of the last minutes: lines over time, the newest at the right.

import { element } from "./elements.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 600;
const HEIGHT = 160;

/** Points that are kept: five minutes, one every two seconds; as wide as at least a minute of them. */
const POINTS_MAX = 150;
const POINTS_WIDE_MIN = 30;

export class Chart {
  #lines;
  #format;
  #points = [];
  #svg;
  #top;
  #told;
  #cursor;

  /**
   * `lines` are `{ name, className }`; `format` turns a value into words. The chart tells what it
   * shows in words too: of the newest point, or of the one under the pointer.
   */
  constructor(place, { lines, format }) {
    this.#lines = lines.map((line) => ({ ...line, area: path("area"), path: path("line") }));
    this.#format = format;
    this.#svg = document.createElementNS(SVG, "svg");
    this.#svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.#svg.setAttribute("preserveAspectRatio", "none");
    this.#svg.setAttribute("aria-hidden", "true");
    this.#cursor = path("cursor");
    for (const { className, area, path } of this.#lines) {
      for (const drawn of [area, path]) drawn.classList.add(className);
      this.#svg.append(area, path);
    }
    this.#svg.append(this.#cursor);
    this.#top = element("span", "chart-top");
    this.#told = element("p", "chart-told");
    const picture = element("div", "picture");
    picture.append(this.#svg, this.#top);
    place.append(this.#told, picture);
    this.#svg.addEventListener("pointermove", (event) => this.#point(event));
    this.#svg.addEventListener("pointerleave", () => this.#tell(this.#points.length - 1));
  }

  /** One value a line; undefined where there is none. */
  add(values) {
    this.#points.push(values);
    if (this.#points.length > POINTS_MAX) this.#points.shift();
    this.#draw();
    this.#tell(this.#points.length - 1);
  }

  #draw() {
    const known = this.#points.flat().filter((value) => value !== undefined);
    const top = niceTop(Math.max(0, ...known));
    this.#top.textContent = this.#format(top);
    this.#lines.forEach(({ path, area }, line) => {
      const stretches = this.#stretches(line, top);
      path.setAttribute("d", stretches.map((points) => `M${points.join("L")}`).join(""));
      const closed = stretches.map((points) => {
        const [first, last] = [points[0].split(",")[0], points.at(-1).split(",")[0]];
        return `M${first},${HEIGHT}L${points.join("L")}L${last},${HEIGHT}Z`;
      });
      area.setAttribute("d", closed.join(""));
    });
  }

  /** A line's points as they stand in the picture; where a value is missing it is interrupted. */
  #stretches(line, top) {
    const stretches = [[]];
    this.#points.forEach((values, index) => {
      const value = values[line];
      if (value === undefined) {
        stretches.push([]);
        return;
      }
      const y = HEIGHT - (value / top) * (HEIGHT - 6) - 1;
      stretches.at(-1).push(`${this.#x(index).toFixed(1)},${y.toFixed(1)}`);
    });
    return stretches.filter((points) => points.length > 0);
  }

  #x(index) {
    return WIDTH - ((this.#points.length - 1 - index) * WIDTH) / this.#gaps();
  }

  /** How many gaps between points there is room for. */
  #gaps() {
    return Math.max(POINTS_WIDE_MIN, this.#points.length) - 1;
  }

  #point({ clientX }) {
    const { left, width } = this.#svg.getBoundingClientRect();
    const fromRight = Math.round((1 - (clientX - left) / width) * this.#gaps());
    this.#tell(Math.max(0, this.#points.length - 1 - fromRight), true);
  }

  #tell(index, isPointedAt = false) {
    const values = this.#points[index] ?? [];
    this.#told.replaceChildren(...this.#lines.map(({ name, className }, line) => {
      const told = element("span", `legend ${className}`, `${name} `);
      const value = values[line];
      told.append(element("b", "", value === undefined ? "–" : this.#format(value)));
      return told;
    }));
    const x = this.#x(index).toFixed(1);
    this.#cursor.setAttribute("d", isPointedAt ? `M${x},0V${HEIGHT}` : "");
  }
}

function path(className) {
  const made = document.createElementNS(SVG, "path");
  made.setAttribute("class", className);
  made.setAttribute("vector-effect", "non-scaling-stroke");
  return made;
}

/** A round number that is not below this. */
function niceTop(value) {
  if (!(value > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * [1, 1.5, 2, 3, 5, 7.5, 10].find((step) => step * unit >= value);
}
