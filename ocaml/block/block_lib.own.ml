(* SPDX-License-Identifier: ISC *)
(* The same types, where MirageOS's library is not installed. *)

module Mirage_block = Block_own
