/**
 * Server-Sent Events frames: bytes in, frames out (WHATWG HTML, 9.2.6). The twin of shared/frames.py.
 *
 * No I/O, no clock, no JSON. Bad content never fails, only size does; at most one unfinished frame is held; the cost is
 * linear in the bytes, however they are cut.
 */

/** The largest retry that every reader holds exactly, in ms. */
export const MAX_RETRY_MS = Number.MAX_SAFE_INTEGER;

const LF = 10;
const CR = 13;
const BOM = [0xef, 0xbb, 0xbf];

/** A block of lines is larger than the cap; the parser takes nothing more. */
export class FrameTooLarge extends Error {
  /** @param {number} limit bytes */
  constructor(limit) {
    super(`The server sent one frame of more than ${limit} bytes; this page reads no larger ones.`);
    this.name = "FrameTooLarge";
    this.limit = limit;
  }
}

/**
 * @typedef {{event: string, data: string, id: string, retry: number | null}} Frame
 *   `id` is the last event ID at dispatch, which an earlier block may have set; `retry` the last valid one, in ms,
 *   inside this block.
 */

/** Reads one event stream, cut into chunks in any way. */
export class FrameParser {
  /** The id that a reader which reconnects sends: of the last finished block that had one. */
  lastEventId = "";
  /** The last valid retry of the stream in ms, from when its line is complete. */
  retry = null;

  /** The text of the last comment: a heartbeat says how far the log is. */
  comment = "";

  #limit;
  // Line ends are ASCII, so lines decoded one by one give the same U+FFFD as the whole stream decoded at once.
  // ignoreBOM keeps a BOM in the text: the one that the standard drops is dropped as bytes, and no other.
  #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #line = new Uint8Array(256);
  #held = 0; // bytes of the unfinished line
  #block = 0; // bytes of the finished lines of this block, one line end each
  #matched = 0; // bytes of a possible BOM seen so far; -1 once that is settled
  #afterCR = false;
  #overflow = false;
  #data = null;
  #event = "";
  #id = "";
  #blockRetry = null;

  /** @param {{maxFrameBytes?: number}} [options] the cap on one block: its lines before the blank one, comments too */
  constructor({ maxFrameBytes = 1 << 20 } = {}) {
    if (!(maxFrameBytes >= 1)) throw new RangeError(`maxFrameBytes must be at least 1, not ${maxFrameBytes}`);
    this.#limit = maxFrameBytes;
  }

  /**
   * The frames that `chunk` completes, at once, in order. Frames completed before one that is too large are returned;
   * the error comes with the next call.
   *
   * @param {Uint8Array} chunk
   * @returns {Frame[]}
   * @throws {FrameTooLarge}
   */
  feed(chunk) {
    if (this.#overflow) throw new FrameTooLarge(this.#limit);
    const frames = [];
    let start = this.#matched < 0 ? 0 : this.#skipBOM(chunk);
    let lf = -2;
    let cr = -2;
    while (start < chunk.length && !this.#overflow) {
      if (this.#afterCR) {
        this.#afterCR = false;
        if (chunk[start] === LF && ++start === chunk.length) break;
      }
      // Each is searched again only when passed, so that a stream without CR is not scanned to its end for every line.
      if (lf < start && lf !== -1) lf = chunk.indexOf(LF, start);
      if (cr < start && cr !== -1) cr = chunk.indexOf(CR, start);
      const end = lf < 0 || (cr >= 0 && cr < lf) ? cr : lf;
      if (end < 0) {
        this.#hold(chunk, start, chunk.length);
        break;
      }
      this.#afterCR = end === cr;
      this.#endLine(chunk, start, end, frames);
      start = end + 1;
    }
    if (this.#overflow && frames.length === 0) throw new FrameTooLarge(this.#limit);
    return frames;
  }

  #skipBOM(chunk) {
    let index = 0;
    while (index < chunk.length && this.#matched < BOM.length && chunk[index] === BOM[this.#matched]) {
      this.#matched += 1;
      index += 1;
    }
    if (this.#matched === BOM.length) {
      this.#matched = -1;
    } else if (index < chunk.length) {
      this.#hold(Uint8Array.from(BOM), 0, this.#matched); // it was the start of a line after all
      this.#matched = -1;
    }
    return index;
  }

  #hold(chunk, start, end) {
    const size = this.#held + end - start;
    if (this.#tooLarge(size)) return;
    if (size > this.#line.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#line.length));
      grown.set(this.#line.subarray(0, this.#held));
      this.#line = grown;
    }
    this.#line.set(chunk.subarray(start, end), this.#held);
    this.#held = size;
  }

  #tooLarge(lineBytes) {
    this.#overflow = lineBytes > 0 && this.#block + lineBytes > this.#limit;
    if (this.#overflow) this.#line = new Uint8Array(0);
    return this.#overflow;
  }

  #endLine(chunk, start, end, frames) {
    let bytes = chunk.subarray(start, end);
    if (this.#held > 0) {
      this.#hold(chunk, start, end);
      if (this.#overflow) return;
      bytes = this.#line.subarray(0, this.#held);
      this.#held = 0;
    } else if (this.#tooLarge(bytes.length)) {
      return;
    }
    if (bytes.length === 0) {
      this.#dispatch(frames);
      return;
    }
    this.#block += bytes.length + 1;
    this.#readLine(this.#decoder.decode(bytes));
  }

  #readLine(line) {
    const colon = line.indexOf(":");
    if (colon === 0) {
      this.comment = line.slice(1).trim();
      return;
    }
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") {
      (this.#data ??= []).push(value);
    } else if (field === "event") {
      this.#event = value;
    } else if (field === "id" && !value.includes("\0")) {
      this.#id = value;
    } else if (field === "retry" && /^[0-9]+$/.test(value)) {
      this.retry = this.#blockRetry = Math.min(Number(value), MAX_RETRY_MS);
    }
  }

  #dispatch(frames) {
    this.lastEventId = this.#id;
    if (this.#data !== null) {
      const data = this.#data.join("\n");
      frames.push({ event: this.#event || "message", data, id: this.#id, retry: this.#blockRetry });
    }
    this.#data = this.#blockRetry = null;
    this.#event = "";
    this.#block = 0;
  }
}
