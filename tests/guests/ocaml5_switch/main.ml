(* SPDX-License-Identifier: ISC *)
(* What an effect takes: to a handler and back, and a fiber made and gone. As `ocaml_speed`. *)

open Effect
open Effect.Deep

external command_line : unit -> string = "mirage_xen_get_cmdline"

type _ Effect.t += Next : int t

let scale = match int_of_string_opt (command_line ()) with Some n -> n | None -> 0

let part name work =
  let start = Sys.time () in
  let result = ref 0 in
  for _ = 1 to max 1 scale do
    result := !result + work ()
  done;
  let took = Sys.time () -. start in
  if scale = 0 then Printf.printf "%s: %d\n%!" name !result else Printf.printf "%s %.0f\n%!" name (took *. 1e9)

let () =
  part "effects" (fun () ->
      let n = ref 0 in
      match
        for _ = 1 to 20_000 do
          n := !n + perform Next
        done
      with
      | () -> !n
      | effect Next, k -> continue k 1);
  part "fibers" (fun () ->
      let n = ref 0 in
      for i = 1 to 10_000 do
        match i with m -> n := !n + m | effect Next, k -> continue k 1
      done;
      !n)
