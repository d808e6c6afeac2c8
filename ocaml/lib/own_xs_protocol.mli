(* SPDX-License-Identifier: ISC *)
(** What clients of xenstore see of its protocol, with the interface of the module [Xs_protocol] of the xenstore library,
    where that is not installed. *)

(** Who may do what with a node. *)
module ACL : sig
  type perm = NONE | READ | WRITE | RDWR

  val char_of_perm : perm -> char
  (** As it is sent: [n], [r], [w] or [b]. *)

  val perm_of_char : char -> perm option
  (** What such a letter stands for. *)

  type domid = int

  type t = {
    owner : domid;  (** has full access *)
    other : perm;  (** what a domain may that is not listed *)
    acl : (domid * perm) list;  (** what those may that are *)
  }

  val to_string : t -> string
  (** As it is sent: an entry for the owner with [other], and one for each listed domain. *)

  val of_string : string -> t option
  (** From what is sent; [None] when it is malformed. *)
end

(** What a watch is registered with, and its events come with. *)
module Token : sig
  type t

  val of_string : string -> t
  (** Any string without a zero byte. *)

  val to_string : t -> string
  (** As it is sent. *)

  val to_user_string : t -> string
  (** The same. *)

  val to_debug_string : t -> string
  (** The same, quoted. *)
end

exception Enoent of string
(** There is no such node. *)

exception Eagain
(** A transaction has met a conflict; in {!Xs.wait}, the condition does not hold yet. *)

exception Eexist
(** There is such a watch already. *)

exception Invalid
(** Xenstore found the request malformed (EINVAL), or it would not be sent: a path with a zero byte. *)

exception Error of string
(** Any other error, by its name in xenstore: EACCES, EQUOTA, E2BIG, …; or ECONNRESET when the connection was lost before the
    reply came. *)
