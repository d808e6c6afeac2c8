(* SPDX-License-Identifier: ISC *)

let start = Time.now ()

let label = function
  | Logs.App -> ""
  | Logs.Error -> "ERROR "
  | Logs.Warning -> "WARNING "
  | Logs.Info -> "INFO "
  | Logs.Debug -> "DEBUG "

let create () =
  let report source level ~over k message =
    let finish _ =
      over ();
      k ()
    in
    let us = (Time.now () - start) / 1000 in
    message @@ fun ?header ?tags:_ format ->
    let header = match header with Some header -> "[" ^ header ^ "] " | None -> "" in
    Format.kfprintf finish Format.std_formatter
      ("[%4d.%06d] %s%s: %s@[" ^^ format ^^ "@]@.")
      (us / 1_000_000) (us mod 1_000_000) (label level) (Logs.Src.name source) header
  in
  { Logs.report }

let install ?(level = Logs.Info) () =
  Logs.set_reporter (create ());
  Logs.set_level (Some level)
