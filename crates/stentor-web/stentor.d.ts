/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A message as the server stamped it. */
export interface Message<Data = Json> {
  /** A UUID; the sender's own choice where it chose one. */
  id: string;
  /** `chat`, `notification`, `presence`, `system`, or a word that a later server knows. */
  type: string;
  /** Absent where the message is for everybody. */
  room?: string;
  /** The sender: the subject of its token, else the id of its connection; `server` is the server. */
  from: string;
  data: Data;
  /** RFC 3339 in UTC, with milliseconds. */
  timestamp: string;
}

/** Where the connection stands. */
export type State =
  /** The first attempt is under way. */
  | "connecting"
  /** The server has said welcome: messages come, and what was queued has been sent. */
  | "connected"
  /** Cut off; an attempt is under way, or comes after `retryInMs`. */
  | "reconnecting"
  /** The server does not want this client; `open()` starts anew. */
  | "stopped"
  /** After `close()`, for good. */
  | "closed";

export interface StateDetail {
  state: State;
  /** With `reconnecting`: the pause before the next attempt; absent while one is under way. */
  retryInMs?: number;
  /** The close code, 1006 where there was none. */
  code?: number;
  /** The server's words, or the browser's; may be empty. */
  reason?: string;
}

/** The events, each with what its listeners are given. */
export interface StentorEvents {
  state: StateDetail;
  /** What somebody published: each message once, whatever was cut off and sent again. */
  message: Message;
  /** Who comes and goes, or how many there are in a big room; with the option `presence`. */
  presence: Message<
    | { status: "online" | "offline" | "away"; user: string | null; client_id: string }
    | { members: number }
  >;
  /** The server refused something; `ref` is the id of what it refused, where that had one. */
  error: { type: "error"; data: { code: string; message: string; ref?: string } };
  welcome: Message<{
    event: "welcome"; client_id: string; user: string | null; rooms: string[]; pod: string;
    ping_interval_ms: number;
  }>;
  /** After a reconnect: what was missed follows. `recovered` is false where it may not be all. */
  resume: Message<{
    event: "resume"; recovered: boolean; replayed: number; oldest_id: string | null;
  }>;
  /** Messages were lost to this client; `missed` is null where nobody could count them. */
  gap: Message<{
    event: "gap"; missed: number | null; from_id: string | null; to_id: string | null;
  }>;
  drain: Message<{ event: "drain"; reconnect_after_ms: number }>;
  token_expiring: Message<{ event: "token_expiring"; expires_in_ms: number }>;
  authenticated: Message<{ event: "authenticated"; expires_in_ms: number | null }>;
  joined: Message<{ event: "joined"; members: number }>;
  left: Message<{ event: "left"; members: number }>;
  ack: Message<{ event: "ack"; id: string; duplicate: boolean }>;
}

/**
 * Why a token is wanted: for a connection, because the one in use ends soon, or because the
 * server refused the last one (close code 4401).
 */
export type TokenWanted = "connect" | "expiring" | "refused";

export interface StentorOptions {
  /** Rooms to join with the connection. One that the server refuses keeps it from connecting. */
  rooms?: Iterable<string>;
  /**
   * A JSON Web Token, or who gives one: asked before each connection, and when the last one ends
   * or was refused. It travels among the subprotocols, which proxies do not log.
   */
  token?: string | ((why: TokenWanted) => string | undefined | Promise<string | undefined>);
  /** Hear who comes and goes in the rooms. Default: false. */
  presence?: boolean;
  /** Hear one's own messages. Default: true. */
  echo?: boolean;
  /** The `lastId` of an earlier client: go on behind the message of this id. */
  lastId?: string;
  /** The constructor to use; `globalThis.WebSocket` by default, which Node has from 22 on. */
  WebSocket?: new (url: string, protocols?: string[]) => object;
}

export interface PublishOptions {
  /** The room; `null` is everybody. Default: the first room, everybody where there is none. */
  room?: string | null;
  /** Default: `chat`. */
  type?: "chat" | "presence";
  /** A UUID, new for each message; the server delivers one that it knows no second time. */
  id?: string;
}

/**
 * Why something was not done. `code` is the server's (`rate_limited`, `forbidden_room`, …), or:
 * `queue_full` (128 messages or 1 MiB wait for their answers), `too_big` (over 65,536 bytes as
 * JSON), `bad_id`, `stopped`, `closed`.
 */
export class StentorError extends Error {
  constructor(code: string, message: string);
  readonly code: string;
}

/** Close codes after which trying again would only repeat the fault. */
export const FINAL_CODES: readonly number[];

/** A new UUIDv7 by the server's clock; also where a page is no secure context. */
export function newId(): string;

/** A connection to Stentor that lasts until `close()` or until the server does not want it. */
export class Stentor extends EventTarget {
  /**
   * Connects at once.
   * @param url The server and its base path: `wss://example.org/api/chat-api`. In a browser also
   * a path of the page's own host; `https:` counts as `wss:`.
   * @throws TypeError where the URL is none, or there is no WebSocket.
   */
  constructor(url: string | URL, options?: StentorOptions);

  readonly state: State;
  /** What this client's messages bear as `from`; `null` before the first welcome. */
  readonly identity: string | null;
  /** The rooms that it is in, or wants to be in. */
  readonly rooms: string[];
  /** The id to resume behind; to be kept by who wants to go on after a reload. */
  readonly lastId: string | undefined;

  /** Calls `listener` with the detail of each event of this type; returns how to stop that. */
  on<Type extends keyof StentorEvents>(
    type: Type,
    listener: (detail: StentorEvents[Type]) => void,
  ): () => void;

  addEventListener<Type extends keyof StentorEvents>(
    type: Type,
    listener: ((event: CustomEvent<StentorEvents[Type]>) => void) | null,
    options?: Parameters<EventTarget["addEventListener"]>[2],
  ): void;
  addEventListener(...listening: Parameters<EventTarget["addEventListener"]>): void;

  /**
   * Publishes a message. Without a connection it waits for one; cut off before the answer, it is
   * sent again under its id. Settled by the server's answer: `duplicate` says that the server had
   * it already, as after a lost answer.
   * @throws TypeError where `data` is no JSON. Everything else rejects with a `StentorError`; who
   * does not await it may hear of it by the event `error`.
   */
  publish(data: unknown, options?: PublishOptions): Promise<{ id: string; duplicate: boolean }>;

  /** Joins a room, and again with each further connection. `members` are those of one pod. */
  join(room: string): Promise<{ room: string; members?: number }>;

  /** Leaves a room. */
  leave(room: string): Promise<{ room: string; members?: number }>;

  /** Says that one is there, or away; default: in the first room. Told again after a reconnect. */
  setPresence(status: "online" | "away", room?: string): void;

  /** Connects at once: cuts a retry's delay short, and starts anew after `stopped`. */
  open(): Promise<void>;

  /** Leaves for good; what still waits for its answer rejects with `closed`. */
  close(): void;
}
