(* SPDX-License-Identifier: ISC *)
(** The domain's one connection to xenstore, which the core keeps and its devices use, too: Xen's [io/xs_wire.h], whose numbers
    for requests these are, with the payloads of its [docs/misc/xenstore.txt]. *)

exception Refused of string
(** Xenstore's error, by its name; or [E2BIG] for a payload of more than 4096 bytes, [ECONNRESET] when the connection was lost
    and made anew before the reply came, [ENOMEM] when there was no memory for it. *)

exception Lost
(** The daemon broke the protocol and cannot make a connection anew: there is no xenstore any more. *)

module Log : Logs.LOG
(** The log of xenstore's clients, source [xenstore]. *)

val start : unit Lazy.t
(** Connects. Raises [Failure] when the domain has no xenstore. *)

val request : int -> transaction:int -> string -> string Lwt.t
(** [request kind ~transaction payload] is the reply's payload. Any number may be under way; they are sent in order. One that
    is cancelled before it is sent has no effect. Fails with {!Refused}, {!Lost}, or as {!start} does. *)

val on_watch_event : (string -> unit) ref
(** What to do with a watch event's payload: path and token, each ended by a zero byte. *)

val on_reset : (unit -> unit) ref
(** What to do when the connection's watches are gone, or events of theirs. *)
