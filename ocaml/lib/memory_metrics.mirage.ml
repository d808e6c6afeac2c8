(* SPDX-License-Identifier: ISC *)

(** A source of metrics: the fields of {!stat}, in words, by [quick_stat] unless [quick] is false. One is registered with
    [Metrics_lwt.periodically] when the program starts. *)
let metrics ?(quick = true) ~tags () =
  let data () =
    let { Memory_stat.heap_words; live_words; stack_words; free_words } =
      if quick then Memory_stat.quick_stat () else Memory_stat.stat ()
    in
    Metrics.Data.v
      [
        Metrics.uint "memory heap words" heap_words;
        Metrics.uint "memory live words" live_words;
        Metrics.uint "memory stack words" stack_words;
        Metrics.uint "memory free words" free_words;
      ]
  in
  Metrics.Src.v ~doc:"Memory of the domain" ~tags ~data "memory"

let () = Metrics_lwt.periodically (metrics ~tags:Metrics.Tags.[] ())
