(* SPDX-License-Identifier: ISC *)
(** How much memory there is and is used: the domain's, of which the heap of OCaml is a part. *)

type stat = {
  heap_words : int;  (** what can be allocated in all *)
  live_words : int;  (** what is allocated *)
  stack_words : int;  (** the stack, with its guard *)
  free_words : int;  (** what is left: the heap without live words and stack *)
}
(** In words of 8 bytes, as [Gc] counts. *)

val stat : unit -> stat
(** Exact; walks over the allocator's structures. *)

val quick_stat : unit -> stat
(** From a running count, in constant time. *)

val trim : unit -> unit
(** Gives free memory back to where the allocator has it from. *)
