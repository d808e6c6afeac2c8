(* SPDX-License-Identifier: ISC *)
(* Of macaddr 5: what the library uses, and its checks. *)

type t

val compare : t -> t -> int
val of_octets : string -> (t, [> `Msg of string ]) result
val of_octets_exn : string -> t
val to_octets : t -> string
val of_string : string -> (t, [> `Msg of string ]) result
val of_string_exn : string -> t
val to_string : ?sep:char -> t -> string
val pp : Format.formatter -> t -> unit
val broadcast : t
val is_unicast : t -> bool
val is_local : t -> bool
