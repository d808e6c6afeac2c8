(* SPDX-License-Identifier: ISC *)
(* Where MirageOS's libraries are installed, ours are devices of theirs. *)

module _ : Mirage_net.S = Netif
module _ : Mirage_block.S = Block

let _mac : Netif.t -> Macaddr.t = Netif.mac
