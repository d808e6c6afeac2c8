(* SPDX-License-Identifier: ISC *)
(** The connection to xenstore: the ring that the toolstack set up, and its event channel. Xen's [io/xs_wire.h]. *)

type 'a t = 'a Lwt.t

val return : 'a -> 'a t
val ( >>= ) : 'a t -> ('a -> 'b t) -> 'b t

type backend = [ `xen | `unix ]

val backend : backend

type channel

val create : unit -> channel t
(** The ring, ready for use. When its counters cannot be, it is set up anew by asking the daemon to, which those of Xen 4.17
    and later can do; fails where they cannot. *)

val destroy : channel -> unit t
val read : channel -> bytes -> int -> int -> int t
val write : channel -> bytes -> int -> int -> unit t
