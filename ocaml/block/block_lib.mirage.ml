(* SPDX-License-Identifier: ISC *)
(* Types of MirageOS's library, where it is installed. *)

module Mirage_block = Mirage_block
