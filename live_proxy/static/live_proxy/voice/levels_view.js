// @ts-check
/** How loud the person and the answer are, drawn as they come. With reduced motion a plain meter. */

const BARS = 28;
const EVERY = 50; // milliseconds
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class LevelsView {
  /** @type {{level: number, answer: boolean}[]} newest last */
  #bars = [];
  #frame = 0;
  #drawn = 0;

  /** @param {HTMLCanvasElement} canvas @param {() => {level: number, answer: boolean}} now `answer`: not the person's voice */
  constructor(canvas, now) {
    this.canvas = canvas;
    this.now = now;
    this.drawing = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  start() {
    if (this.#frame) return;
    this.#bars = Array.from({ length: BARS }, () => ({ level: 0, answer: false }));
    const step = (/** @type {number} */ time) => {
      this.#frame = requestAnimationFrame(step);
      if (time - this.#drawn < EVERY) return;
      this.#drawn = time;
      this.#bars.push(this.now());
      this.#bars.shift();
      this.#draw();
    };
    this.#frame = requestAnimationFrame(step);
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.drawing.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #draw() {
    const { canvas, drawing } = this;
    const style = getComputedStyle(canvas);
    const ratio = devicePixelRatio;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    drawing.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawing.clearRect(0, 0, width, height);
    const person = style.color;
    const answer = style.caretColor;
    if (calm.matches) return this.#meter(width, height, person, answer);
    const step = width / BARS;
    this.#bars.forEach((bar, at) => {
      const tall = Math.max(3, bar.level * height);
      drawing.fillStyle = bar.answer ? answer : person;
      drawing.beginPath();
      drawing.roundRect(at * step + step * 0.2, (height - tall) / 2, step * 0.6, tall, step * 0.3);
      drawing.fill();
    });
  }

  /** @param {number} width @param {number} height @param {string} person @param {string} answer */
  #meter(width, height, person, answer) {
    const last = this.#bars.slice(-8);
    const level = Math.max(...last.map((bar) => bar.level));
    this.drawing.fillStyle = last.at(-1)?.answer ? answer : person;
    this.drawing.fillRect(0, height / 2 - 3, Math.max(3, level * width), 6);
  }
}
