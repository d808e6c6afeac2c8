(* SPDX-License-Identifier: ISC *)
(* Mirage_net.S of mirage-net 2 to 4 and Mirage_block.S of mirage-block 2 and 3, value by value, and what their implementations
   for Xen have more: a program that takes a network or a disk compiles with ours. *)

module type NET = sig
  type error = private [> `Unimplemented | `Disconnected | `Invalid_length ]

  val pp_error : error Fmt.t

  type t

  val connect : string -> t Lwt.t
  val disconnect : t -> unit Lwt.t
  val write : t -> size:int -> (Cstruct.t -> int) -> (unit, error) result Lwt.t
  val listen : t -> header_size:int -> (Cstruct.t -> unit Lwt.t) -> (unit, error) result Lwt.t
  val mac : t -> Net_lib.Macaddr.t
  val mtu : t -> int
  val get_stats_counters : t -> Net_lib.Mirage_net.stats
  val reset_stats_counters : t -> unit
end

module type BLOCK = sig
  type error = private [> `Disconnected ]

  val pp_error : error Fmt.t

  type write_error = private [> `Disconnected | `Is_read_only ]

  val pp_write_error : write_error Fmt.t

  type t

  val connect : string -> t Lwt.t
  val disconnect : t -> unit Lwt.t
  val get_info : t -> Block_lib.Mirage_block.info Lwt.t
  val read : t -> int64 -> Cstruct.t list -> (unit, error) result Lwt.t
  val write : t -> int64 -> Cstruct.t list -> (unit, write_error) result Lwt.t
end

module _ : NET = Netif
module _ : BLOCK = Block
