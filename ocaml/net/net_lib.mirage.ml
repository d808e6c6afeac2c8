(* SPDX-License-Identifier: ISC *)
(* Types of MirageOS's libraries, where they are installed. *)

module Macaddr = Macaddr
module Mirage_net = Mirage_net
