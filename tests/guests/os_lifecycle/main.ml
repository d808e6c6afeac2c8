(* SPDX-License-Identifier: ISC *)
(* How a domain ends: `wait`, `exception`, `async`, `hooks`, `console`, `main` and the first line. *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

let seconds n = Int64.mul (Int64.of_int n) 1_000_000_000L
let after_a_while f = Time.sleep_ns 1_000_000L >>= f

let wait () =
  Reporter.install ();
  let request = Lifecycle.await_shutdown_request ~can_reboot:true () in
  Time.sleep_ns 1L >>= fun () ->
  print_endline "waiting";
  request >|= function `Poweroff -> print_endline "poweroff" | `Reboot -> print_endline "reboot"

let console () =
  let console = Console.connect () in
  let rec echo () =
    Console.read_line console >>= function
    | None | Some "end" -> Lwt.return_unit
    | Some line -> Console.write console (Cstruct.of_string (String.uppercase_ascii line ^ "\n")) >>= fun _ -> echo ()
  in
  echo ()

(* The least that uses the main loop and xenstore, for measuring. *)
let first_line () =
  Xs.make () >>= fun xs -> Xs.immediate xs (fun h -> Xs.read h "domid") >|= fun _ -> print_endline "first line"

let main () =
  match String.split_on_char ' ' (command_line ()) with
  | [ "wait" ] -> wait ()
  | [ "exception" ] -> after_a_while (fun () -> failwith "out of ideas")
  | [ "async" ] ->
      Lwt.async (fun () -> after_a_while (fun () -> raise Not_found));
      Time.sleep_ns (seconds 10)
  | [ "hooks" ] ->
      Main.at_exit (fun () -> after_a_while (fun () -> print_endline "hook 1"; Lwt.return_unit));
      Main.at_exit (fun () -> print_endline "hook 2"; Lwt.return_unit);
      at_exit (fun () -> print_endline "at_exit");
      print_endline "done";
      Lwt.return_unit
  | [ "console" ] -> console ()
  | _ -> first_line ()

let () = Main.run (main ())
