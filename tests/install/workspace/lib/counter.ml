(* SPDX-License-Identifier: ISC *)
external next : int -> int = "counter_next"
external norm : float -> float -> float = "counter_norm"
external describe : string -> int -> string = "counter_describe"
