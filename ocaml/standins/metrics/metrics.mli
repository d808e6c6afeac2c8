(* SPDX-License-Identifier: ISC *)
type field
type ('a, 'b) src

module Tags : sig
  type 'a v
  type 'a t = [] : field list t | ( :: ) : 'a v * 'b t -> ('a -> 'b) t
end

module Data : sig
  type t

  val v : field list -> t
end

val uint : string -> ?doc:string -> int -> field

module Src : sig
  val v : ?doc:string -> tags:'a Tags.t -> data:'b -> string -> ('a, 'b) src
end
