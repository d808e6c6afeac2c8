(* SPDX-License-Identifier: ISC *)

external heap_words : unit -> int = "mirage_memory_get_heap_words" [@@noalloc]
external live_words : unit -> int = "mirage_memory_get_live_words" [@@noalloc]
external fast_live_words : unit -> int = "mirage_memory_get_fast_live_words" [@@noalloc]
external stack_words : unit -> int = "mirage_memory_get_stack_words" [@@noalloc]
external trim : unit -> unit = "mirage_trim_allocation" [@@noalloc]

type stat = { heap_words : int; live_words : int; stack_words : int; free_words : int }

let make live_words =
  let heap_words = heap_words () and stack_words = stack_words () in
  { heap_words; live_words; stack_words; free_words = heap_words - live_words - stack_words }

let stat () = make (live_words ())
let quick_stat () = make (fast_live_words ())
