(* SPDX-License-Identifier: ISC *)
(** The domain's network interfaces in xenstore. *)

open Net_lib

val folder : int -> string
(** The folder of the interface with that number, and a stroke. *)

val mac : int -> Macaddr.t option Lwt.t
(** Its address. *)

val find : string -> int Lwt.t
(** The number of the interface that a name stands for, as {!Netif.connect} has it. *)
