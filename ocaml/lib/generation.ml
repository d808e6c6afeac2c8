(* SPDX-License-Identifier: ISC *)

exception Invalid

type 'a t = { generation : int; value : 'a }

let generation = ref 0
let wrap value = { generation = !generation; value }
let maybe t f default = if t.generation = !generation then f t.value else default
let extract t = t.value
let resume () = incr generation
