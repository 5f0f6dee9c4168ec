/** One question and its run, as the page knows them: the folded view, the connection, the time. No DOM. */

import { ask, attach, cancel } from "./run.js";
import { EMPTY, finished, fold } from "./view.js";

/** A replay may bring thousands of events at once: the page gets its turn at least this often. */
const SLICE_MS = 10;
const SILENT = { frame: () => {}, bytes: () => {} };
const breathe = () => new Promise((resolve) => setTimeout(resolve));

/**
 * `connection.state` is `asking`, `live`, `reconnecting`, `interrupted` (may be resumed), `refused` (nothing began),
 * `left` (the reader went) or `over`. A view that is not finished is never shown as a success, whatever it is.
 */
export class Session {
  view = EMPTY;
  connection = { state: "asking" };
  /** When the last byte and the last event came, by the page's clock in ms. */
  heardAt;
  newsAt;
  /** How far the log was when the server last said so. */
  head = 0;

  #changed;
  #clock;
  #settings;
  #began = null;
  #abort = new AbortController();
  #wire;

  /**
   * @param {() => void} changed called after each change; it must be cheap
   * @param {{frame: (frame: object) => void, bytes: (count: number) => void}} [settings.wire] hears all that comes
   */
  constructor(changed, { clock = () => performance.now(), wire = SILENT, ...settings } = {}) {
    this.#wire = wire;
    this.#changed = changed;
    this.#clock = clock;
    this.#settings = { ...settings, notify: (news) => this.#hear(news) };
    this.heardAt = this.newsAt = clock();
  }

  get over() {
    return finished(this.view);
  }

  /** Whether events may still come without anybody doing anything. */
  get active() {
    return ["asking", "live", "reconnecting"].includes(this.connection.state);
  }

  /** Ms since the run began, as near as the arrival of its events tells. */
  now() {
    return this.#began === null ? 0 : Math.max(this.view.t, this.#clock() - this.#began);
  }

  /** @param {{q: string, pipeline?: string, options?: object}} body */
  ask(body) {
    return this.#follow((settings) => ask(body, settings));
  }

  /** Follows a run that somebody asked for, from its first event. */
  attach(run) {
    return this.#follow((settings) => attach({ run, seq: 0 }, settings));
  }

  /** Goes on after the last event that came. */
  resume() {
    this.#became({ state: "reconnecting", attempt: 0, attempts: 0, waitMs: 0, why: "" });
    return this.#follow((settings) => attach({ run: this.view.run, seq: this.view.upto }, settings));
  }

  /** Ends the run; before it has begun, the wait for it. */
  async cancel() {
    if (this.view.run === "") this.leave();
    else await cancel(this.view.run, this.#settings);
  }

  /** Stops reading. The run itself goes on for the server's grace time. */
  leave() {
    this.#abort.abort();
    this.#became({ state: "left" });
  }

  async #follow(open) {
    const signal = this.#abort.signal;
    try {
      let since = this.#clock();
      for await (const event of open({ ...this.#settings, signal })) {
        this.#take(event);
        if (this.#clock() - since > SLICE_MS) {
          await breathe();
          since = this.#clock();
        }
      }
      if (!signal.aborted) this.#became({ state: "over" });
    } catch (error) {
      const { message, hint = null } = error;
      const resumable = this.view.run !== "";
      this.#became({ state: resumable ? "interrupted" : "refused", message, hint });
      if (!["Refused", "NotReachable", "StreamCut"].includes(error.name)) throw error;
    }
  }

  #take(event) {
    const now = this.#clock();
    if (event.type === "stream.snapshot") {
      this.view = EMPTY; // the log lost what was read: it is read again from its start
      return;
    }
    // A replay comes faster than it happened: the event that came soonest after it happened tells when the run began.
    this.#began = Math.min(this.#began ?? Infinity, now - event.t);
    this.newsAt = now;
    this.view = fold(this.view, event);
    this.#changed();
  }

  #hear(news) {
    this.heardAt = this.#clock();
    if (news.state === "frame") this.#wire.frame(news.frame, news.step);
    else if (news.state === "head") this.head = news.seq;
    else if (news.state === "heard") this.#wire.bytes(news.bytes);
    else {
      if (news.state === "live") this.newsAt = this.heardAt;
      this.#became(news);
    }
  }

  #became(connection) {
    if (this.connection.state === "left") return;
    this.connection = connection;
    this.#changed();
  }
}
