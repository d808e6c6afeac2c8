(* SPDX-License-Identifier: ISC *)
(** Doubly linked lists whose elements can be removed in constant time from anywhere: the waiters of an event channel and
    of the grant table. A promise that is cancelled takes its own element out, so nothing of it stays behind. *)

type 'a t
(** A list. *)

type 'a node
(** An element and its place. *)

val create : unit -> 'a t
(** An empty list. *)

val is_empty : 'a t -> bool
(** Whether it has no element; in constant time. *)

val add : 'a t -> 'a -> 'a node
(** Adds at the end. *)

val remove : 'a node -> unit
(** Takes an element out of its list; does nothing when it is out already. *)

val first : 'a t -> 'a option
(** The element that is there for the longest, which stays. *)

val take : 'a t -> 'a option
(** The same, which is removed. *)

val length : 'a t -> int
(** Counted one by one. *)
