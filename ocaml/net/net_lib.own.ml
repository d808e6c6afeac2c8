(* SPDX-License-Identifier: ISC *)
(* The same types, where MirageOS's libraries are not installed. *)

module Macaddr = Net_own.Macaddr
module Mirage_net = Net_own.Mirage_net
