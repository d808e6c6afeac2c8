(* SPDX-License-Identifier: ISC *)
type t = private (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t
type buf = Cstruct.t

val page_size : int
val get_addr : t -> nativeint
val get_page : t -> nativeint
val get : int -> t
val get_buf : ?n:int -> unit -> buf
val get_order : int -> t
val pages : int -> t list
val pages_order : int -> t list
val length : t -> int
val to_cstruct : t -> buf

exception Buffer_is_not_page_aligned
exception Buffer_not_multiple_of_page_size

val of_cstruct_exn : buf -> t
val to_string : t -> string
val to_pages : t -> t list
val string_blit : string -> int -> t -> int -> int -> unit
val blit : t -> t -> unit
val round_to_page_size : int -> int
