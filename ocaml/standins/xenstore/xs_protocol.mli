(* SPDX-License-Identifier: ISC *)
module ACL : sig
  type perm = NONE | READ | WRITE | RDWR

  val char_of_perm : perm -> char
  val perm_of_char : char -> perm option

  type domid = int
  type t = { owner : domid; other : perm; acl : (domid * perm) list }

  val of_string : string -> t option
  val to_string : t -> string
end

module Token : sig
  type t

  val to_debug_string : t -> string
  val to_user_string : t -> string
  val of_string : string -> t
  val to_string : t -> string
end

exception Enoent of string
exception Eagain
exception Eexist
exception Invalid
exception Error of string
