(* SPDX-License-Identifier: ISC *)
(** What waits for a point in time: a binary heap in which every element knows its place, so that one that is cancelled
    leaves at once. Elements with the same deadline leave in the order in which they came. *)

type 'a t
(** A heap. *)

type 'a entry
(** An element of it. *)

val create : unit -> 'a t
(** An empty heap. *)

val add : 'a t -> deadline:int -> 'a -> 'a entry
(** O(log n). *)

val remove : 'a t -> 'a entry -> unit
(** O(log n); does nothing when the entry is out already. *)

val next : 'a t -> int
(** The earliest deadline; [max_int] when nothing waits. *)

val take_due : 'a t -> now:int -> 'a option
(** Removes the first element whose deadline is [now] or before. *)

val length : 'a t -> int
(** How many wait. *)

val capacity : 'a t -> int
(** Slots of the heap's array, at most four times {!length} beyond its first few. *)
